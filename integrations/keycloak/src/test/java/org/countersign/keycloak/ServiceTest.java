package org.countersign.keycloak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.countersign.keycloak.Service.Failure.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Replies that aren't the service's, or are out of order, are distinguished and never trusted. */
class ServiceTest {
    private static final String ID = "AAAAAAAAAAAAAAAAAAAAAA";

    private HttpServer server;
    private Service service;
    private String url;
    private int status = 200;
    private String reply = "";
    private volatile String request = "";
    private final AtomicInteger asked = new AtomicInteger();

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort();
        Map<String, String> config = new HashMap<>();
        config.put(Settings.SERVICE, url);
        config.put(Settings.API_KEY, "the-api-key");
        config.put(Settings.ORGANISATION, "hospital");
        config.put(Settings.CLIENT, "keycloak");
        service = new Service(Settings.parse(config));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void aSignInIsRead() throws Exception {
        reply = signIn("pending", ",\"page_url\":\"" + url + "/sign-ins/x?key=secret\"");
        SignIn signIn = service.start("{}", "key");
        assertTrue(signIn.isPending() && !signIn.hasNoPhone());
        assertFalse(signIn.toString().contains("secret"));
    }

    @Test
    void browsersAreSentToTheServiceAlone() {
        for (String page : List.of("https://evil.example/", url + ".evil.example/", url + "@evil.example/", "/x", "")) {
            reply = signIn("pending", ",\"page_url\":\"" + page + "\"");
            Service.Failure failure = assertThrows(Service.Failure.class, () -> service.start("{}", "key"), page);
            assertEquals(Kind.REFUSED, failure.kind());
        }
    }

    @Test
    void refusalsAreToldApart() {
        for (Map.Entry<Integer, Kind> case_ : Map.of(
                        401, Kind.REFUSED, 422, Kind.REFUSED, 404, Kind.NOT_FOUND, 429, Kind.UNAVAILABLE, 503,
                        Kind.UNAVAILABLE)
                .entrySet()) {
            status = case_.getKey();
            reply = "{\"error\":{\"code\":\"invalid\",\"field\":\"return_url\",\"message\":\"the-api-key\"}}";
            Service.Failure failure = assertThrows(Service.Failure.class, () -> service.read(ID));
            assertEquals(case_.getValue(), failure.kind());
            assertEquals("it answered " + status + " invalid return_url", failure.getMessage());
        }
    }

    @Test
    void whatIsNoReplyIsNone() {
        for (String wrong : List.of(
                "",
                "<h1>Wi-Fi</h1>",
                "[]",
                "{}",
                signIn("", ""),
                signIn("approved", "").replace(ID, "../../x"),
                signIn("approved", ",\"state\":\"pending\""),
                "{\"x\":\"" + "x".repeat(70_000) + "\"}")) {
            reply = wrong;
            Service.Failure failure = assertThrows(Service.Failure.class, () -> service.read(ID));
            assertEquals(Kind.UNAVAILABLE, failure.kind());
        }
    }

    @Test
    void noRedirectIsFollowed() {
        status = 307;
        assertEquals(Kind.REFUSED, assertThrows(Service.Failure.class, () -> service.read(ID)).kind());
        assertEquals(1, asked.get());
    }

    @Test
    void aServiceThatIsAwayIsUnavailable() {
        server.stop(0);
        assertEquals(Kind.UNAVAILABLE, assertThrows(Service.Failure.class, () -> service.read(ID)).kind());
    }

    @Test
    void onlyApprovedIsAnApproval() throws Exception {
        for (String state : List.of("denied", "reported", "failed", "expired", "cancelled", "Approved", "new")) {
            reply = signIn(state, "");
            assertFalse(service.read(ID).isPending());
            Ending ending = Ending.of(service.read(ID));
            assertTrue(ending == Ending.UNVERIFIED || ending.name().equalsIgnoreCase(state), state);
        }
    }

    @Test
    void readingASetUpStartsNone() throws Exception {
        reply = enrolment("pending", ",\"page_url\":\"" + url + "/enrolments/x?key=secret\"");
        Enrolment started = service.enrol("{}", "key");
        assertEquals("POST /v1/enrolments", request);
        assertFalse(started.toString().contains("secret"));
        reply = enrolment("expired", "");
        assertEquals(new Enrolment(ID, "expired", null), service.enrolment(ID));
        assertEquals("GET /v1/enrolments/" + ID, request);
        assertEquals(2, asked.get());
    }

    @Test
    void whatIsNoSetUpIsNone() {
        for (String wrong : List.of("{}", enrolment("", ""), enrolment("pending", "").replace(ID, "../../x"))) {
            reply = wrong;
            assertEquals(Kind.UNAVAILABLE, assertThrows(Service.Failure.class, () -> service.enrolment(ID)).kind());
        }
        reply = enrolment("pending", "");
        Service.Failure noPage = assertThrows(Service.Failure.class, () -> service.enrol("{}", "key"));
        assertEquals(Kind.REFUSED, noPage.kind());
    }

    @Test
    void onlyASetUpThatIsOpenOrDoneIsShown() {
        for (String state : List.of("pending", "awaiting_activation", "active")) {
            assertEquals(Ending.ENROLLING, Ending.of(new Enrolment(ID, state, null)), state);
        }
        for (String state : List.of("expired", "cancelled", "denied", "reported", "failed", "Pending", "new")) {
            assertEquals(Ending.NOT_ENROLLED, Ending.of(new Enrolment(ID, state, null)), state);
        }
    }

    private static String enrolment(String state, String more) {
        return "{\"id\":\"" + ID + "\",\"state\":\"" + state + "\"" + more + "}";
    }

    private static String signIn(String state, String more) {
        return "{\"id\":\"" + ID + "\",\"state\":\"" + state + "\",\"devices\":1,\"push\":\"asked\"" + more + "}";
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.incrementAndGet();
        request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        exchange.getResponseHeaders().set("Location", "/elsewhere");
        byte[] body = reply.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
