package org.countersign.keycloak;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.keycloak.common.VerificationException;
import org.keycloak.crypto.Algorithm;
import org.keycloak.crypto.ECDSASignatureVerifierContext;
import org.keycloak.crypto.KeyWrapper;
import org.keycloak.jose.jws.JWSInput;
import org.keycloak.jose.jws.JWSInputException;

/**
 * A result that the service has signed, with everything checked that the service's documentation says to check.
 *
 * @param methods how the person was authenticated (RFC 8176)
 * @param matching how the phone proved that its person saw the page: {@code number}, {@code scan} or {@code none}; empty
 *     for a one-time code
 */
record Assertion(List<String> methods, String matching) {
    private static final String TYPE = "countersign-assertion+jwt";
    private static final int MAX_LENGTH = 8 * 1024;

    /** How far the clocks of Keycloak and of the service may be apart. */
    static final Duration TOLERANCE = Duration.ofSeconds(150);

    /** Why an assertion isn't accepted. The text names the claim, never its value. */
    static final class Invalid extends Exception {
        private static final long serialVersionUID = 1L;

        Invalid(String reason) {
            super(reason);
        }
    }

    /** Finds the key that has this identifier. */
    @FunctionalInterface
    interface Keys {
        Optional<KeyWrapper> find(String kid) throws IOException, InterruptedException;
    }

    /**
     * What the assertion must say.
     *
     * @param issuer public address of the service
     * @param client name of this Keycloak at the service
     * @param organisation name of the organisation at the service
     * @param user whom this flow is about
     * @param signIn the sign-in that this flow has started
     */
    record Expected(String issuer, String client, String organisation, String user, String signIn) {}

    static Assertion verify(String token, Keys keys, Expected expected, Instant now)
            throws Invalid, IOException, InterruptedException {
        if (token.length() > MAX_LENGTH) {
            throw new Invalid("the assertion is too long");
        }
        try {
            JWSInput jws = new JWSInput(token);
            String kid = kid(Json.object(header(jws)));
            KeyWrapper key = keys.find(kid).orElseThrow(() -> new Invalid("no published key is the assertion's"));
            byte[] signed = jws.getEncodedSignatureInput().getBytes(StandardCharsets.US_ASCII);
            byte[] signature = jws.getSignature();
            if (signature == null || !new ECDSASignatureVerifierContext(key).verify(signed, signature)) {
                throw new Invalid("the signature isn't right");
            }
            return claims(Json.object(jws.getContent()), expected, now);
        } catch (JWSInputException malformed) {
            throw new Invalid("the assertion is malformed");
        } catch (VerificationException wrong) {
            throw new Invalid("the signature isn't right");
        }
    }

    private static byte[] header(JWSInput jws) throws Invalid {
        try {
            return Base64.getUrlDecoder().decode(jws.getEncodedHeader());
        } catch (IllegalArgumentException malformed) {
            throw new Invalid("the assertion is malformed");
        }
    }

    /** The algorithm is ours to choose, not the header's; what a critical header means isn't known here. */
    private static String kid(JsonNode header) throws Invalid {
        require(Algorithm.ES256.equals(Json.text(header, "alg")), "alg");
        require(TYPE.equals(Json.text(header, "typ")), "typ");
        require(!header.has("crit"), "crit");
        return Json.text(header, "kid");
    }

    private static Assertion claims(JsonNode claims, Expected expected, Instant now) throws Invalid {
        require(expected.issuer().equals(Json.text(claims, "iss")), "iss");
        require(expected.client().equals(Json.text(claims, "aud")), "aud");
        require(expected.organisation().equals(Json.text(claims, "organisation")), "organisation");
        require(expected.user().equals(Json.text(claims, "sub")), "sub");
        require(expected.signIn().equals(Json.text(claims, "sign_in")), "sign_in");
        require(claims.path("iat").isIntegralNumber() && claims.path("iat").canConvertToLong(), "iat");
        require(claims.path("exp").isIntegralNumber() && claims.path("exp").canConvertToLong(), "exp");
        long seconds = now.getEpochSecond();
        long tolerance = TOLERANCE.toSeconds();
        // On the side of `now`, which isn't the sender's to choose: nothing can overflow.
        require(claims.path("iat").longValue() <= seconds + tolerance, "iat");
        require(claims.path("exp").longValue() > seconds - tolerance, "exp");
        List<String> methods = new ArrayList<>();
        for (JsonNode method : claims.path("amr")) {
            require(method.isTextual(), "amr");
            methods.add(method.textValue());
        }
        require(!methods.isEmpty(), "amr");
        return new Assertion(List.copyOf(methods), Json.text(claims, "matching"));
    }

    private static void require(boolean holds, String claim) throws Invalid {
        if (!holds) {
            throw new Invalid("its " + claim + " isn't what it must be");
        }
    }

    /** Whether a one-time code was typed, rather than a phone asked. */
    boolean isByCode() {
        return methods.contains("otp");
    }

    /** Whether nothing says that the person at the phone saw the page. */
    boolean isUnmatched() {
        return !isByCode() && !matching.equals("number") && !matching.equals("scan");
    }
}
