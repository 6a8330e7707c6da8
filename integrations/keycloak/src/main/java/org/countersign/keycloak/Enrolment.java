package org.countersign.keycloak;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;

/**
 * The set-up of a phone at the service.
 *
 * @param state {@code pending} until a phone has scanned the page's code
 * @param page where the browser goes
 */
record Enrolment(String state, URI page) {
    static Enrolment parse(JsonNode reply) throws IOException {
        try {
            return new Enrolment(Json.text(reply, "state"), URI.create(Json.text(reply, "page_url")));
        } catch (IllegalArgumentException malformed) {
            throw new IOException("the page's address is malformed");
        }
    }

    boolean isOpen() {
        return state.equals("pending") || state.equals("awaiting_activation");
    }

    /** The page's address has the key in it that opens the page, so it stays out of logs. */
    @Override
    public String toString() {
        return "Enrolment[" + state + "]";
    }
}
