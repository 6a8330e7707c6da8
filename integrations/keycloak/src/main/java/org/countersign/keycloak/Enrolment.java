package org.countersign.keycloak;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;

/**
 * The set-up of a phone at the service, as it stood when it was read.
 *
 * @param id its name
 * @param state {@code pending} until a phone has scanned the page's code
 * @param page where the browser goes; only in the reply to what has started it
 */
record Enrolment(String id, String state, URI page) {
    static Enrolment parse(JsonNode reply) throws IOException {
        String id = Json.text(reply, "id");
        String state = Json.text(reply, "state");
        if (!id.matches("[A-Za-z0-9_-]{16,64}") || state.isEmpty()) {
            throw new IOException("not an enrolment");
        }
        String page = Json.text(reply, "page_url");
        try {
            return new Enrolment(id, state, page.isEmpty() ? null : URI.create(page));
        } catch (IllegalArgumentException malformed) {
            throw new IOException("the page's address is malformed");
        }
    }

    /** Whether a phone can still be set up with it. */
    boolean isOpen() {
        return state.equals("pending") || state.equals("awaiting_activation");
    }

    /** Whether it has set up a phone. */
    boolean isDone() {
        return state.equals("active");
    }

    /** The page's address has the key in it that opens the page, so it stays out of logs. */
    @Override
    public String toString() {
        return "Enrolment[" + id + ", " + state + "]";
    }
}
