package org.countersign.keycloak;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** The approval service's interface for relying parties, as far as a sign-in system needs it. */
final class Service {
    private final Settings settings;

    Service(Settings settings) {
        this.settings = settings;
    }

    /** The service refused a request, or gave no usable reply. The text has nothing secret in it. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;

        /** What kind of failure it is. */
        enum Kind {
            /** The service can't be reached or can't work; the same request may be sent again. */
            UNAVAILABLE,
            /** There is no such sign-in or set-up, or it no longer exists. */
            NOT_FOUND,
            /** The service refuses what this client asks for: the settings are wrong. */
            REFUSED
        }

        private final Kind kind;

        Failure(Kind kind, String reason) {
            super(reason);
            this.kind = kind;
        }

        Kind kind() {
            return kind;
        }
    }

    /** Starts the sign-in that {@code body} asks for; the same one again, as it stands now, under the same key. */
    SignIn start(String body, String key) throws Failure {
        SignIn signIn = read(() -> SignIn.parse(post("/v1/sign-ins", body, key)));
        check(signIn.page());
        return signIn;
    }

    /** A sign-in as it stands now. */
    SignIn read(String id) throws Failure {
        return read(() -> SignIn.parse(send(request("/v1/sign-ins/" + id).GET())));
    }

    /** Withdraws a sign-in. */
    void cancel(String id) throws Failure {
        read(() -> send(request("/v1/sign-ins/" + id).DELETE()));
    }

    /** Starts the set-up of a phone; the same one again, as it stands now, under the same key. */
    Enrolment enrol(String body, String key) throws Failure {
        Enrolment enrolment = read(() -> Enrolment.parse(post("/v1/enrolments", body, key)));
        check(enrolment.page());
        return enrolment;
    }

    /** The set-up of a phone as it stands now. Reading it never starts one. */
    Enrolment enrolment(String id) throws Failure {
        return read(() -> Enrolment.parse(send(request("/v1/enrolments/" + id).GET())));
    }

    /** Verifies a sign-in's result with the keys that the service publishes. */
    Assertion verify(SignIn signIn, String user, Instant now) throws Failure, Assertion.Invalid {
        Assertion.Expected expected = new Assertion.Expected(
                settings.service().toString(), settings.client(), settings.organisation(), user, signIn.id());
        try {
            PublishedKeys keys = PublishedKeys.of(settings.service());
            return Assertion.verify(signIn.assertion(), keys, expected, now);
        } catch (IOException unreadable) {
            throw new Failure(Failure.Kind.UNAVAILABLE, unreadable.getMessage());
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(settings.service() + path))
                .header("Authorization", "Bearer " + settings.apiKey())
                .header("Accept", "application/json");
    }

    private JsonNode post(String path, String body, String key) throws IOException, InterruptedException, Failure {
        return send(request(path)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(BodyPublishers.ofString(body, StandardCharsets.UTF_8)));
    }

    private static JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException, Failure {
        Transport.Reply reply = Transport.send(request);
        int status = reply.status();
        if (status == 204) {
            return Json.MAPPER.createObjectNode();
        }
        if (status >= 200 && status < 300) {
            return Json.object(reply.body());
        }
        Failure.Kind kind = status == 404
                ? Failure.Kind.NOT_FOUND
                : status == 408 || status == 429 || status >= 500 ? Failure.Kind.UNAVAILABLE : Failure.Kind.REFUSED;
        throw new Failure(kind, "it answered " + status + described(reply.body()));
    }

    /** The code and field of an error, which the interface defines. */
    private static String described(byte[] body) {
        try {
            JsonNode error = Json.object(body).path("error");
            StringBuilder described = new StringBuilder();
            for (String name : new String[] {"code", "field", "reason"}) {
                String word = Json.text(error, name);
                if (word.matches("[a-z_]{1,64}")) {
                    described.append(' ').append(word);
                }
            }
            return described.toString();
        } catch (IOException none) {
            return "";
        }
    }

    /** Browsers are sent to the service's own pages only. */
    private void check(URI page) throws Failure {
        if (page == null || !page.toString().startsWith(settings.service() + "/")) {
            throw new Failure(
                    Failure.Kind.REFUSED,
                    "its pages are at another address: set it to the public address of the service");
        }
    }

    private interface Exchange<T> {
        T run() throws IOException, InterruptedException, Failure;
    }

    private static <T> T read(Exchange<T> exchange) throws Failure {
        try {
            return exchange.run();
        } catch (IOException failed) {
            throw new Failure(Failure.Kind.UNAVAILABLE, failed.getMessage());
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    private static Failure interrupted() {
        Thread.currentThread().interrupt();
        return new Failure(Failure.Kind.UNAVAILABLE, "interrupted");
    }
}
