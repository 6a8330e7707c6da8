package org.countersign.keycloak;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.keycloak.crypto.Algorithm;
import org.keycloak.crypto.KeyWrapper;
import org.keycloak.jose.jwk.JSONWebKeySet;
import org.keycloak.jose.jwk.JWK;
import org.keycloak.util.JWKSUtils;
import org.keycloak.util.JsonSerialization;

/** The keys that a service signs results with, cached for minutes. An unknown key has them fetched again, every 10 s at most. */
final class PublishedKeys implements Assertion.Keys {
    private static final Duration LIFETIME = Duration.ofMinutes(10);
    private static final Duration REST = Duration.ofSeconds(10);

    /** One for each address; addresses come from administrators, so there are few. */
    private static final Map<URI, PublishedKeys> OF_SERVICES = new ConcurrentHashMap<>();

    private final URI service;
    private volatile Snapshot snapshot;

    /** Keys, and when they were fetched on the clock that only goes forward. */
    private record Snapshot(Map<String, KeyWrapper> keys, long fetched) {
        Duration age() {
            return Duration.ofNanos(System.nanoTime() - fetched);
        }
    }

    private PublishedKeys(URI service) {
        this.service = service;
    }

    static PublishedKeys of(URI service) {
        return OF_SERVICES.computeIfAbsent(service, PublishedKeys::new);
    }

    /** Nobody waits for anybody else's fetch: two at once do no harm. */
    @Override
    public Optional<KeyWrapper> find(String kid) throws IOException, InterruptedException {
        Snapshot known = snapshot;
        if (known == null || known.age().compareTo(known.keys().containsKey(kid) ? LIFETIME : REST) > 0) {
            known = new Snapshot(fetch(), System.nanoTime());
            snapshot = known;
        }
        return Optional.ofNullable(known.keys().get(kid));
    }

    private Map<String, KeyWrapper> fetch() throws IOException, InterruptedException {
        Transport.Reply reply = Transport.send(HttpRequest.newBuilder(URI.create(service + "/.well-known/jwks.json")));
        if (reply.status() != 200) {
            throw new IOException("its keys were answered with " + reply.status());
        }
        return parse(reply.body());
    }

    /** The keys of a set that are for ES256 signatures. */
    static Map<String, KeyWrapper> parse(byte[] set) throws IOException {
        Map<String, KeyWrapper> keys = new ConcurrentHashMap<>();
        Json.object(set);
        JSONWebKeySet parsed = JsonSerialization.readValue(set, JSONWebKeySet.class);
        if (parsed.getKeys() == null) {
            throw new IOException("it publishes no keys");
        }
        for (KeyWrapper key : JWKSUtils.getKeyWrappersForUse(parsed, JWK.Use.SIG).getKeys()) {
            if (key.getKid() != null && "EC".equals(key.getType()) && Algorithm.ES256.equals(key.getAlgorithm())) {
                keys.put(key.getKid(), key);
            }
        }
        return Map.copyOf(keys);
    }
}
