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
    void nothingThatOneUserBeganServesAnother() {
        Attempt grace = Attempt.of(session, "grace");
        grace.begin("{}", Instant.EPOCH);
        grace.started(new SignIn("AAAAAAAAAAAAAAAAAAAAAA", "pending", 1, "asked", null, ""));
        grace.newEnrolmentKey();
        grace.ended(Ending.ENROLLING);
        grace.keepWay(URI.create("https://keycloak.example/flow"), "step");
        Attempt ada = Attempt.of(session, "ada");
        assertTrue(ada.request().isEmpty() && ada.signIn().isEmpty() && ada.ending().isEmpty());
        assertTrue(ada.enrolmentKey().isEmpty());
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
