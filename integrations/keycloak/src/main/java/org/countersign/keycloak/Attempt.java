package org.countersign.keycloak;

import java.net.URI;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * What this step keeps in Keycloak's authentication session: notes at the server, one set for each tab of a browser,
 * which the browser can neither read nor change. Keycloak drops them when the flow starts again.
 */
final class Attempt {
    private static final String SIGN_IN = "countersign.sign-in";
    private static final String REQUEST = "countersign.request";
    private static final String KEY = "countersign.key";
    private static final String STARTED = "countersign.started";
    private static final String ENDING = "countersign.ending";
    private static final String ENROLMENT = "countersign.enrolment";
    private static final String ENROLMENT_PAGE = "countersign.enrolment-page";
    private static final String ENROLMENT_KEY = "countersign.enrolment-key";
    private static final String EXECUTION = "countersign.execution";
    private static final String FLOW = "countersign.flow";
    private static final String USER = "countersign.user";

    private static final SecureRandom RANDOM = new SecureRandom();

    private final AuthenticationSessionModel notes;

    Attempt(AuthenticationSessionModel notes) {
        this.notes = notes;
    }

    /** The same for one user: what another user began in this tab is dropped. */
    static Attempt of(AuthenticationSessionModel notes, String user) {
        Attempt attempt = new Attempt(notes);
        if (!user.equals(notes.getAuthNote(USER))) {
            attempt.forget();
            notes.removeAuthNote(ENROLMENT_KEY);
            notes.setAuthNote(USER, user);
        }
        return attempt;
    }

    /** A request to start a sign-in, with the key that makes it one request however often it is sent. */
    record Request(String body, String key) {}

    /** The request of this step. It is stored before it is sent, so that a lost reply doesn't ask a phone twice. */
    Optional<Request> request() {
        String body = notes.getAuthNote(REQUEST);
        String key = notes.getAuthNote(KEY);
        return body == null || key == null ? Optional.empty() : Optional.of(new Request(body, key));
    }

    Request begin(String body, Instant now) {
        Request request = new Request(body, randomKey());
        forget();
        notes.setAuthNote(REQUEST, request.body());
        notes.setAuthNote(KEY, request.key());
        notes.setAuthNote(STARTED, Long.toString(now.toEpochMilli()));
        return request;
    }

    Optional<String> signIn() {
        return Optional.ofNullable(notes.getAuthNote(SIGN_IN));
    }

    void started(SignIn signIn) {
        notes.setAuthNote(SIGN_IN, signIn.id());
    }

    /** When the open request was made, in milliseconds; 0 if none is open. */
    long startedAt() {
        String started = notes.getAuthNote(STARTED);
        return started == null ? 0 : Long.parseLong(started);
    }

    /**
     * Removes the sign-in, which is done before its result counts, so that it counts once. Also removes the set-up that
     * is shown. Its key stays, so that the person comes back to the same one while it is open.
     */
    void forget() {
        notes.removeAuthNote(SIGN_IN);
        notes.removeAuthNote(REQUEST);
        notes.removeAuthNote(KEY);
        notes.removeAuthNote(STARTED);
        notes.removeAuthNote(ENDING);
        notes.removeAuthNote(ENROLMENT);
        notes.removeAuthNote(ENROLMENT_PAGE);
    }

    /** How the last sign-in ended. Reloading the page shows it again and starts nothing. */
    Optional<Ending> ending() {
        String ending = notes.getAuthNote(ENDING);
        return ending == null ? Optional.empty() : Optional.of(Ending.valueOf(ending));
    }

    void ended(Ending ending) {
        notes.setAuthNote(ENDING, ending.name());
    }

    /** Shows this set-up from now on. */
    void enrolling(Enrolment enrolment) {
        notes.setAuthNote(ENROLMENT, enrolment.id());
        notes.setAuthNote(ENROLMENT_PAGE, enrolment.page().toString());
        ended(Ending.ENROLLING);
    }

    /** The name of the set-up that is shown. */
    Optional<String> enrolment() {
        return Optional.ofNullable(notes.getAuthNote(ENROLMENT));
    }

    /** The page of the set-up that is shown. */
    Optional<URI> enrolmentPage() {
        return Optional.ofNullable(notes.getAuthNote(ENROLMENT_PAGE)).map(URI::create);
    }

    /** The key of the request that starts a set-up. Only {@link CountersignAuthenticator} sends it, after its check. */
    Optional<String> enrolmentKey() {
        return Optional.ofNullable(notes.getAuthNote(ENROLMENT_KEY));
    }

    String newEnrolmentKey() {
        String key = randomKey();
        notes.setAuthNote(ENROLMENT_KEY, key);
        return key;
    }

    /** Stores where the flow of this tab continues: all tabs come back to one address. */
    void keepWay(URI flow, String execution) {
        notes.setAuthNote(FLOW, flow.toString());
        notes.setAuthNote(EXECUTION, execution);
    }

    Optional<URI> flow() {
        return Optional.ofNullable(notes.getAuthNote(FLOW)).map(URI::create);
    }

    String execution() {
        return notes.getAuthNote(EXECUTION);
    }

    private static String randomKey() {
        byte[] key = new byte[24];
        RANDOM.nextBytes(key);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(key);
    }
}
