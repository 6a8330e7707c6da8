package org.countersign.keycloak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.keycloak.sessions.AuthenticationSessionModel;

class AttemptTest {
    private static final Enrolment SET_UP =
            new Enrolment("BBBBBBBBBBBBBBBBBBBBBB", "pending", URI.create("https://approve.example/x?key=k"));

    private final Map<String, String> notes = new HashMap<>();
    private final AuthenticationSessionModel session = session();

    @Test
    void aRequestStaysTheSameUntilItsSignInIsRemoved() {
        Attempt attempt = Attempt.of(session, "ada");
        Attempt.Request request = attempt.begin("{}", Instant.EPOCH);
        assertEquals(Optional.of(request), Attempt.of(session, "ada").request());
        attempt.forget();
        assertTrue(attempt.request().isEmpty() && attempt.signIn().isEmpty());
        assertNotEquals(request.key(), attempt.begin("{}", Instant.EPOCH).key());
    }

    @Test
    void anEndingIsShownUntilTheNextRequest() {
        Attempt attempt = Attempt.of(session, "ada");
        attempt.ended(Ending.DENIED);
        assertEquals(Optional.of(Ending.DENIED), Attempt.of(session, "ada").ending());
        attempt.begin("{}", Instant.EPOCH);
        assertTrue(attempt.ending().isEmpty());
    }

    @Test
    void aSetUpIsShownUntilTheNextRequest() {
        Attempt attempt = Attempt.of(session, "ada");
        String key = attempt.newEnrolmentKey();
        attempt.enrolling(SET_UP);
        Attempt later = Attempt.of(session, "ada");
        assertEquals(Optional.of(Ending.ENROLLING), later.ending());
        assertEquals(Optional.of(SET_UP.id()), later.enrolment());
        assertEquals(Optional.of(SET_UP.page()), later.enrolmentPage());
        later.begin("{}", Instant.EPOCH);
        assertTrue(later.ending().isEmpty() && later.enrolment().isEmpty() && later.enrolmentPage().isEmpty());
        assertEquals(Optional.of(key), later.enrolmentKey(), "if it is still open, the same one is shown again");
    }

    @Test
    void nothingThatOneUserBeganServesAnother() {
        Attempt grace = Attempt.of(session, "grace");
        grace.begin("{}", Instant.EPOCH);
        grace.started(new SignIn("AAAAAAAAAAAAAAAAAAAAAA", "pending", 1, "asked", null, ""));
        grace.newEnrolmentKey();
        grace.enrolling(SET_UP);
        grace.keepWay(URI.create("https://keycloak.example/flow"), "step");
        Attempt ada = Attempt.of(session, "ada");
        assertTrue(ada.request().isEmpty() && ada.signIn().isEmpty() && ada.ending().isEmpty());
        assertTrue(ada.enrolmentKey().isEmpty() && ada.enrolment().isEmpty() && ada.enrolmentPage().isEmpty());
        assertEquals(0, ada.startedAt());
        assertTrue(ada.flow().isPresent(), "the tab is the same");
    }

    private AuthenticationSessionModel session() {
        return (AuthenticationSessionModel) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {AuthenticationSessionModel.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getAuthNote" -> notes.get((String) arguments[0]);
                    case "setAuthNote" -> {
                        notes.put((String) arguments[0], (String) arguments[1]);
                        yield null;
                    }
                    case "removeAuthNote" -> {
                        notes.remove((String) arguments[0]);
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
