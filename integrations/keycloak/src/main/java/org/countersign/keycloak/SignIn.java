package org.countersign.keycloak;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;

/**
 * A sign-in at the service, as it stood when it was read.
 *
 * @param id its name
 * @param state {@code pending} until somebody or something ends it
 * @param devices phones that were asked
 * @param push whether phones are asked at all: {@code asked}, {@code limited} or {@code locked}
 * @param page where the browser goes; only in the reply to what has started it
 * @param assertion the signed result; only once it is approved
 */
record SignIn(String id, String state, int devices, String push, URI page, String assertion) {
    static SignIn parse(JsonNode reply) throws IOException {
        String id = Json.text(reply, "id");
        String state = Json.text(reply, "state");
        if (!id.matches("[A-Za-z0-9_-]{16,64}") || state.isEmpty() || !reply.path("devices").isInt()) {
            throw new IOException("not a sign-in");
        }
        String page = Json.text(reply, "page_url");
        try {
            return new SignIn(
                    id,
                    state,
                    reply.path("devices").intValue(),
                    Json.text(reply, "push"),
                    page.isEmpty() ? null : URI.create(page),
                    Json.text(reply, "assertion"));
        } catch (IllegalArgumentException malformed) {
            throw new IOException("the page's address is malformed");
        }
    }

    boolean isPending() {
        return state.equals("pending");
    }

    /** Whether the person has no phone that could approve it. If phones rest or are locked, nothing is known of that. */
    boolean hasNoPhone() {
        return isPending() && devices == 0 && push.equals("asked");
    }

    /** The page's address has the key in it that opens the page, so it stays out of logs. */
    @Override
    public String toString() {
        return "SignIn[" + id + ", " + state + "]";
    }
}
