package org.countersign.keycloak;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriBuilder;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.keycloak.forms.login.LoginFormsProvider;
import org.keycloak.models.AuthenticationExecutionModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.services.managers.AuthenticationSessionManager;
import org.keycloak.sessions.RootAuthenticationSessionModel;

/**
 * {@code /realms/REALM/countersign/return}: where the service's page sends a browser back to. It is one address for all
 * sign-ins of a realm, because the service compares registered addresses exactly and the address of a flow differs for
 * each tab.
 *
 * <p>The address carries nothing and decides nothing. The flow is found by Keycloak's own cookie: another browser has
 * none, and a link from elsewhere only reloads what this browser has open. Whether the flow succeeds is decided by its
 * own step, which asks the service.
 */
public final class ReturnResource {
    private static final Logger LOG = Logger.getLogger(ReturnResource.class);

    /** How many tabs' sign-ins are looked up, latest first. */
    private static final int MAX_TABS = 4;

    private final KeycloakSession session;

    ReturnResource(KeycloakSession session) {
        this.session = session;
    }

    /** The address in a realm. */
    static URI url(UriInfo uri, RealmModel realm) {
        return UriBuilder.fromUri(uri.getBaseUri())
                .path("realms/{realm}")
                .path(CountersignAuthenticatorFactory.ID)
                .path("return")
                .build(realm.getName());
    }

    /**
     * Continues this browser's flow.
     *
     * @return a redirect to the flow; a page with an error if this browser has none
     */
    @GET
    @Path("return")
    public Response back() {
        RealmModel realm = session.getContext().getRealm();
        List<Attempt> attempts = attempts(realm);
        Optional<Attempt> ended = attempts.size() < 2
                ? Optional.empty()
                : attempts.stream().limit(MAX_TABS).filter(attempt -> isEnded(realm, attempt)).findFirst();
        return ended.or(() -> attempts.stream().findFirst())
                .flatMap(Attempt::flow)
                .map(flow -> Response.seeOther(flow).header("Cache-Control", "no-store").build())
                .orElseGet(() -> session.getProvider(LoginFormsProvider.class)
                        .setError("countersignNothingOpen")
                        .createErrorPage(Response.Status.BAD_REQUEST));
    }

    /** The flows that are open in the tabs of this browser, latest first. */
    private List<Attempt> attempts(RealmModel realm) {
        RootAuthenticationSessionModel browser =
                new AuthenticationSessionManager(session).getCurrentRootAuthenticationSession(realm);
        if (browser == null) {
            return List.of();
        }
        return browser.getAuthenticationSessions().values().stream()
                .map(Attempt::new)
                .filter(attempt -> attempt.flow().isPresent())
                .sorted(Comparator.comparingLong(Attempt::startedAt).reversed())
                .toList();
    }

    /** Whether this tab's sign-in has ended. Of several tabs, the browser comes back for that one. */
    private boolean isEnded(RealmModel realm, Attempt attempt) {
        Optional<String> signIn = attempt.signIn();
        AuthenticationExecutionModel execution = realm.getAuthenticationExecutionById(attempt.execution());
        if (signIn.isEmpty() || execution == null || execution.getAuthenticatorConfig() == null) {
            return false;
        }
        try {
            Settings settings = CountersignAuthenticator.settings(
                    session, realm.getAuthenticatorConfigById(execution.getAuthenticatorConfig()));
            return !new Service(settings).read(signIn.get()).isPending();
        } catch (Settings.Invalid | Service.Failure unknown) {
            LOG.debugf("Sign-in %s could not be read: %s", signIn.get(), unknown.getMessage());
            return false;
        }
    }
}
