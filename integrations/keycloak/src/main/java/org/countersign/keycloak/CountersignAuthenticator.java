package org.countersign.keycloak;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.device.DeviceRepresentationProvider;
import org.keycloak.models.AuthenticatorConfigModel;
import org.keycloak.models.ClientModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.representations.account.DeviceRepresentation;

/**
 * The step of a flow that asks Countersign. It sends the browser to the service's page, and reads the sign-in's result
 * from the service when the browser is back. Whatever goes wrong is shown, and signs nobody in.
 */
final class CountersignAuthenticator implements Authenticator {
    private static final Logger LOG = Logger.getLogger(CountersignAuthenticator.class);

    /** The button that was pressed on a page of this step. */
    static final String CHOICE = "countersign";
    static final String AGAIN = "again";
    static final String ENROL = "enrol";

    /** User session notes, which mappers can write to tokens. */
    private static final String NOTE_AMR = "countersign.amr";
    private static final String NOTE_MATCHING = "countersign.matching";
    private static final String NOTE_SIGN_IN = "countersign.sign_in";

    /** The step begins, or its page is loaded again, or the browser comes back from the service. */
    @Override
    public void authenticate(AuthenticationFlowContext context) {
        Step step = Step.of(context);
        if (step == null) {
            return;
        }
        Optional<Ending> ending = step.attempt.ending();
        if (ending.isPresent()) {
            step.show(ending.get());
        } else {
            proceed(step);
        }
    }

    /** A button of one of this step's pages was pressed. */
    @Override
    public void action(AuthenticationFlowContext context) {
        Step step = Step.of(context);
        if (step == null) {
            return;
        }
        String choice = context.getHttpRequest().getDecodedFormParameters().getFirst(CHOICE);
        Optional<Ending> ending = step.attempt.ending();
        boolean mayEnrol = ending.filter(it -> it == Ending.NOT_ENROLLED || it == Ending.ENROLLING).isPresent();
        if (ENROL.equals(choice) && mayEnrol && step.settings.enrols()) {
            enrol(step);
        } else if (AGAIN.equals(choice) && ending.isPresent()) {
            step.attempt.forget();
            proceed(step);
        } else {
            authenticate(context);
        }
    }

    /** Continues the sign-in that is open, or starts one. */
    private static void proceed(Step step) {
        try {
            SignIn signIn = current(step);
            if (signIn.hasNoPhone()) {
                notEnrolled(step, signIn);
            } else if (signIn.isPending()) {
                step.toPage(signIn.page());
            } else {
                judge(step, signIn);
            }
        } catch (Service.Failure failure) {
            fail(step, failure);
        }
    }

    /** The sign-in as it stands, with its page if it is pending. */
    private static SignIn current(Step step) throws Service.Failure {
        Optional<String> known = step.attempt.signIn();
        if (known.isPresent()) {
            SignIn signIn = step.service.read(known.get());
            if (!signIn.isPending()) {
                return signIn;
            }
        }
        // The same request under the same key is the same sign-in, and asks no phone again.
        Attempt.Request request =
                step.attempt.request().orElseGet(() -> step.attempt.begin(signInRequest(step), Instant.now()));
        SignIn signIn = step.service.start(request.body(), request.key());
        step.attempt.started(signIn);
        return signIn;
    }

    private static void judge(Step step, SignIn signIn) throws Service.Failure {
        if (!signIn.state().equals("approved")) {
            step.attempt.forget();
            step.end(Ending.of(signIn), signIn.id());
            return;
        }
        Assertion assertion;
        try {
            assertion = step.service.verify(signIn, step.user(), Instant.now());
        } catch (Assertion.Invalid invalid) {
            LOG.errorf("The result of sign-in %s isn't accepted: %s", signIn.id(), invalid.getMessage());
            step.attempt.forget();
            step.end(Ending.UNVERIFIED, signIn.id());
            return;
        }
        // Everything is known now. The sign-in is removed before it counts, so that it counts once.
        step.attempt.forget();
        boolean isCodeRefused = assertion.isByCode() && !step.settings.takesCodes();
        boolean isUnmatchedRefused = assertion.isUnmatched() && !step.settings.takesUnmatched();
        if (isCodeRefused || isUnmatchedRefused) {
            step.end(Ending.METHOD, signIn.id());
            return;
        }
        var session = step.context.getAuthenticationSession();
        session.setUserSessionNote(NOTE_AMR, String.join(" ", assertion.methods()));
        session.setUserSessionNote(NOTE_MATCHING, assertion.matching());
        session.setUserSessionNote(NOTE_SIGN_IN, signIn.id());
        step.context.success();
    }

    private static void notEnrolled(Step step, SignIn signIn) {
        step.attempt.forget();
        try {
            step.service.cancel(signIn.id());
        } catch (Service.Failure harmless) {
            // It expires, and nobody can approve it.
            LOG.debugf("Sign-in %s could not be withdrawn: %s", signIn.id(), harmless.getMessage());
        }
        step.end(Ending.NOT_ENROLLED, signIn.id());
    }

    /**
     * Starts the set-up of a phone for somebody who still has none. A new sign-in shows whether that is so; if it
     * isn't, the flow continues with that sign-in. Nobody may start to add a phone with only the password to an account
     * that has one, so nothing else starts a set-up: loading the page again reads the one that was started.
     */
    private static void enrol(Step step) {
        try {
            step.attempt.forget();
            SignIn signIn = current(step);
            if (!signIn.hasNoPhone()) {
                proceed(step);
                return;
            }
            step.attempt.forget();
            // If the set-up can't be started, loading the page again asks neither for another nor for an approval.
            step.attempt.ended(Ending.NOT_ENROLLED);
            step.service.cancel(signIn.id());
            step.attempt.enrolling(step.startEnrolment());
            step.show(Ending.ENROLLING);
        } catch (Service.Failure failure) {
            fail(step, failure);
        }
    }

    private static void fail(Step step, Service.Failure failure) {
        LOG.errorf("Countersign at %s: %s", step.settings.service(), failure.getMessage());
        Ending ending = Ending.of(failure);
        if (ending != Ending.UNAVAILABLE) {
            step.attempt.forget();
        }
        step.end(ending, null);
    }

    /** The body of the request. Phones and the page show what is in it. */
    private static String signInRequest(Step step) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        body.put("user", step.user());
        body.put("application", application(step));
        body.put("return_url", ReturnResource.url(step.context.getUriInfo(), step.context.getRealm()).toString());
        Names.address(step.context.getConnection().getRemoteAddr()).ifPresent(address -> body.put("ip", address));
        String browser = browser(step.context.getSession());
        if (!browser.isEmpty()) {
            body.put("client", browser);
        }
        return body.toString();
    }

    private static String application(Step step) {
        if (!step.settings.application().isEmpty()) {
            return step.settings.application();
        }
        ClientModel client = step.context.getAuthenticationSession().getClient();
        // The names of Keycloak's own applications are message keys.
        String name = client.getName() == null || client.getName().startsWith("${") ? "" : Names.fit(client.getName());
        if (!name.isEmpty()) {
            return name;
        }
        String id = Names.fit(client.getClientId());
        return id.isEmpty() ? "Keycloak" : id;
    }

    /** The browser as a person would name it, such as {@code Firefox on Windows}. */
    private static String browser(KeycloakSession session) {
        DeviceRepresentationProvider devices = session.getProvider(DeviceRepresentationProvider.class);
        DeviceRepresentation device = devices == null ? null : devices.deviceRepresentation();
        if (device == null || device.getBrowser() == null) {
            return "";
        }
        String browser = device.getBrowser().replaceAll("/.*$", "");
        if (browser.equals(DeviceRepresentation.UNKNOWN)) {
            return "";
        }
        String system = device.getOs();
        boolean isKnown = system != null && !system.equals(DeviceRepresentation.UNKNOWN);
        return Names.fit(isKnown ? browser + " on " + system : browser);
    }

    @Override
    public boolean requiresUser() {
        return true;
    }

    /** Only the service knows who has a phone. Somebody without one reads what to do. */
    @Override
    public boolean configuredFor(KeycloakSession session, RealmModel realm, UserModel user) {
        return true;
    }

    @Override
    public void setRequiredActions(KeycloakSession session, RealmModel realm, UserModel user) {}

    @Override
    public void close() {}

    /** One request to the step: its settings and state, and the responses that it can end with. */
    private static final class Step {
        private final AuthenticationFlowContext context;
        private final Settings settings;
        private final Service service;
        private final Attempt attempt;

        private Step(AuthenticationFlowContext context, Settings settings) {
            this.context = context;
            this.settings = settings;
            this.service = new Service(settings);
            this.attempt = Attempt.of(context.getAuthenticationSession(), context.getUser().getId());
        }

        /** Null if the settings are invalid: the person sees a message, and the log names the setting. */
        static Step of(AuthenticationFlowContext context) {
            try {
                Step step = new Step(context, settings(context.getSession(), context.getAuthenticatorConfig()));
                step.attempt.keepWay(context.getRefreshUrl(false), context.getExecution().getId());
                return step;
            } catch (Settings.Invalid invalid) {
                LOG.errorf("Countersign isn't set up in realm %s: %s", context.getRealm().getName(), invalid.getMessage());
                context.getEvent().user(context.getUser()).error(Ending.MISCONFIGURED.event());
                context.challenge(Pages.of(context, Ending.MISCONFIGURED, "", false, null));
                return null;
            }
        }

        String user() {
            return context.getUser().getUsername();
        }

        void toPage(URI page) {
            context.forceChallenge(Response.seeOther(page).header("Cache-Control", "no-store").build());
        }

        /** Ends the sign-in: it is counted and recorded as an event this once, and shown until the person decides. */
        void end(Ending ending, String signIn) {
            if (ending.isKept()) {
                attempt.ended(ending);
            }
            var event = context.getEvent().user(context.getUser()).detail("countersign_ending", ending.name());
            if (signIn != null) {
                event.detail("countersign_sign_in", signIn);
            }
            event.error(ending.event());
            Response page = page(ending);
            if (ending.isFailure()) {
                context.failureChallenge(ending.error(), page);
            } else {
                context.challenge(page);
            }
        }

        /** Shows an ending (again). */
        void show(Ending ending) {
            context.challenge(page(ending));
        }

        private Response page(Ending ending) {
            boolean canEnrol = settings.enrols() && (ending == Ending.NOT_ENROLLED || ending == Ending.ENROLLING);
            Ending shown = ending == Ending.ENROLLING ? readEnrolment() : ending;
            URI enrolment = shown == Ending.ENROLLING ? attempt.enrolmentPage().orElse(null) : null;
            return Pages.of(context, shown, settings.help(), canEnrol, enrolment);
        }

        /** What is to be shown of the set-up that was started. If it has failed, only the person starts another. */
        private Ending readEnrolment() {
            Optional<String> known = attempt.enrolment();
            try {
                Ending ending = known.isPresent() ? Ending.of(service.enrolment(known.get())) : Ending.NOT_ENROLLED;
                attempt.ended(ending);
                return ending;
            } catch (Service.Failure failure) {
                LOG.errorf("Countersign at %s: %s", settings.service(), failure.getMessage());
                boolean isGone = failure.kind() == Service.Failure.Kind.NOT_FOUND;
                return isGone ? Ending.NOT_ENROLLED : Ending.of(failure);
            }
        }

        /** The set-up that is open, or a new one. Only for somebody who was just found to have no phone. */
        private Enrolment startEnrolment() throws Service.Failure {
            ObjectNode body = Json.MAPPER.createObjectNode();
            body.put("user", user());
            Optional<String> known = attempt.enrolmentKey();
            if (known.isPresent()) {
                Enrolment enrolment = service.enrol(body.toString(), known.get());
                if (enrolment.isOpen()) {
                    return enrolment;
                }
            }
            return service.enrol(body.toString(), attempt.newEnrolmentKey());
        }
    }

    /** The settings of a step, with an API key from Keycloak's vault if it names one there. */
    static Settings settings(KeycloakSession session, AuthenticatorConfigModel config) throws Settings.Invalid {
        if (config == null || config.getConfig() == null) {
            return Settings.parse(Map.of());
        }
        Map<String, String> resolved = new HashMap<>(config.getConfig());
        String key = resolved.get(Settings.API_KEY);
        try (var secret = session.vault().getStringSecret(key)) {
            secret.get().ifPresent(value -> resolved.put(Settings.API_KEY, value));
        }
        return Settings.parse(resolved);
    }
}
