package org.countersign.keycloak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.keycloak.common.crypto.CryptoIntegration;
import org.keycloak.crypto.KeyWrapper;
import org.keycloak.jose.jwk.JWK;
import org.keycloak.jose.jwk.JWKBuilder;
import org.keycloak.util.JsonSerialization;

class AssertionTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
    private static final String HEADER = "{\"alg\":\"ES256\",\"typ\":\"countersign-assertion+jwt\",\"kid\":\"one\"}";
    private static final String CLAIMS = "{\"iss\":\"https://approve.example\",\"aud\":\"keycloak\",\"sub\":\"ada\","
            + "\"organisation\":\"hospital\",\"sign_in\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"iat\":1799999990,\"exp\":1800000290,"
            + "\"amr\":[\"mfa\",\"pop\",\"hwk\",\"fpt\"],\"matching\":\"number\"}";
    private static final Assertion.Expected EXPECTED = new Assertion.Expected(
            "https://approve.example", "keycloak", "hospital", "ada", "AAAAAAAAAAAAAAAAAAAAAA");

    private static KeyPair pair;
    private static Map<String, KeyWrapper> published;

    @BeforeAll
    static void publishAKey() throws Exception {
        CryptoIntegration.init(AssertionTest.class.getClassLoader());
        pair = newPair();
        published = PublishedKeys.parse(keySet(pair, "one"));
    }

    @Test
    void aGoodOneIsRead() throws Exception {
        Assertion assertion = verify(sign(HEADER, CLAIMS));
        assertEquals(List.of("mfa", "pop", "hwk", "fpt"), assertion.methods());
        assertFalse(assertion.isByCode() || assertion.isUnmatched());
    }

    @Test
    void aCodeAndAnApprovalWithoutAMatchAreToldApart() throws Exception {
        String amr = "[\"mfa\",\"pop\",\"hwk\",\"fpt\"],\"matching\":\"number\"";
        assertTrue(verify(sign(HEADER, CLAIMS.replace(amr, "[\"otp\"]"))).isByCode());
        for (String unmatched : List.of("\"matching\":\"none\"", "\"matching\":\"later\"", "\"x\":1")) {
            Assertion assertion = verify(sign(HEADER, CLAIMS.replace("\"matching\":\"number\"", unmatched)));
            assertTrue(assertion.isUnmatched() && !assertion.isByCode(), unmatched);
        }
    }

    @Test
    void everyClaimMustBeWhatItMustBe() {
        for (Map.Entry<String, String> change : List.of(
                Map.entry("https://approve.example", "https://approve.example.org"),
                Map.entry("\"keycloak\"", "\"portal\""),
                Map.entry("\"sub\":\"ada\"", "\"sub\":\"Ada\""),
                Map.entry("\"organisation\":\"hospital\"", "\"organisation\":\"other\""),
                Map.entry("\"organisation\":\"hospital\",", ""),
                Map.entry("AAAAAAAAAAAAAAAAAAAAAA", "BAAAAAAAAAAAAAAAAAAAAA"),
                Map.entry("\"iat\":1799999990", "\"iat\":1800000151"),
                Map.entry("\"iat\":1799999990,", ""),
                Map.entry("\"exp\":1800000290", "\"exp\":1799999850"),
                Map.entry("\"exp\":1800000290", "\"exp\":\"1800000290\""),
                Map.entry("\"exp\":1800000290", "\"exp\":1e400"),
                Map.entry("\"exp\":1800000290,", ""),
                Map.entry("[\"mfa\",\"pop\",\"hwk\",\"fpt\"]", "[]"),
                Map.entry("[\"mfa\",\"pop\",\"hwk\",\"fpt\"]", "[1]"))) {
            String claims = CLAIMS.replace(change.getKey(), change.getValue());
            assertThrows(Exception.class, () -> verify(sign(HEADER, claims)), change.toString());
        }
    }

    @Test
    void clocksMayBeTwoMinutesApart() throws Exception {
        verify(sign(HEADER, CLAIMS.replace("\"iat\":1799999990", "\"iat\":1800000120")));
        verify(sign(HEADER, CLAIMS.replace("\"exp\":1800000290", "\"exp\":1799999880")));
    }

    @Test
    void noAlgorithmIsTakenFromTheHeader() throws Exception {
        String unsigned = encode(HEADER.replace("ES256", "none")) + "." + encode(CLAIMS) + ".";
        assertThrows(Assertion.Invalid.class, () -> verify(unsigned));
        assertThrows(Assertion.Invalid.class, () -> verify(encode(HEADER) + "." + encode(CLAIMS) + "."));
        assertThrows(Assertion.Invalid.class, () -> verify(encode(HEADER) + "." + encode(CLAIMS)));
        String input = encode(HEADER.replace("ES256", "HS256")) + "." + encode(CLAIMS);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(pair.getPublic().getEncoded(), "HmacSHA256"));
        String keyed = input + "." + encode(mac.doFinal(input.getBytes(StandardCharsets.US_ASCII)));
        assertThrows(Assertion.Invalid.class, () -> verify(keyed));
    }

    @Test
    void headersWithAnotherMeaningAreRefused() throws Exception {
        for (String header : List.of(
                HEADER.replace("countersign-assertion+jwt", "JWT"),
                HEADER.replace("\"kid\"", "\"crit\":[\"b64\"],\"b64\":false,\"kid\""),
                HEADER.replace("\"kid\":\"one\"", "\"kid\":\"two\""),
                HEADER.replace("\"kid\":\"one\"", "\"kid\":\"two\",\"kid\":\"one\""))) {
            String token = sign(header, CLAIMS);
            assertThrows(Exception.class, () -> verify(token), header);
        }
        String twice = sign(HEADER, CLAIMS.replace("\"sub\":\"ada\"", "\"sub\":\"eve\",\"sub\":\"ada\""));
        assertThrows(Exception.class, () -> verify(twice));
    }

    @Test
    void nothingSignedByAnotherKeyOrAlteredIsBelieved() throws Exception {
        String token = sign(HEADER, CLAIMS);
        assertThrows(Assertion.Invalid.class, () -> verify(signBy(newPair(), HEADER, CLAIMS)));
        String payload = token.split("\\.")[1];
        String altered = token.replace(payload, encode(CLAIMS.replace("ada", "eve")));
        assertThrows(Assertion.Invalid.class, () -> verify(altered));
        byte[] signature = Base64.getUrlDecoder().decode(token.split("\\.")[2]);
        for (int at = 0; at < signature.length; at += 7) {
            byte[] flipped = signature.clone();
            flipped[at] ^= 1;
            String changed = token.substring(0, token.lastIndexOf('.') + 1) + encode(flipped);
            assertThrows(Assertion.Invalid.class, () -> verify(changed), "byte " + at);
        }
        for (String malformed : List.of("", ".", "..", "a.b.c", "a".repeat(9000), token + ".x")) {
            assertThrows(Assertion.Invalid.class, () -> verify(malformed), malformed);
        }
    }

    @Test
    void onlyKeysForThisKindOfSignatureAreTaken() throws Exception {
        String set = new String(keySet(pair, "one"), StandardCharsets.UTF_8);
        assertEquals(1, PublishedKeys.parse(set.getBytes(StandardCharsets.UTF_8)).size());
        for (String other : List.of(
                set.replace("ES256", "ES384"), set.replace("\"sig\"", "\"enc\""), "{\"keys\":[]}")) {
            assertTrue(PublishedKeys.parse(other.getBytes(StandardCharsets.UTF_8)).isEmpty(), other);
        }
        assertThrows(Exception.class, () -> PublishedKeys.parse("{}".getBytes(StandardCharsets.UTF_8)));
    }

    private static Assertion verify(String token) throws Exception {
        return Assertion.verify(token, kid -> Optional.ofNullable(published.get(kid)), EXPECTED, NOW);
    }

    private static KeyPair newPair() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static byte[] keySet(KeyPair pair, String kid) throws Exception {
        JWK key = JWKBuilder.create().kid(kid).algorithm("ES256").ec(pair.getPublic());
        return JsonSerialization.writeValueAsBytes(Map.of("keys", List.of(key)));
    }

    private static String sign(String header, String claims) throws Exception {
        return signBy(pair, header, claims);
    }

    private static String signBy(KeyPair pair, String header, String claims) throws Exception {
        String input = encode(header) + "." + encode(claims);
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(pair.getPrivate());
        signature.update(input.getBytes(StandardCharsets.US_ASCII));
        return input + "." + encode(signature.sign());
    }

    private static String encode(String text) {
        return encode(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
