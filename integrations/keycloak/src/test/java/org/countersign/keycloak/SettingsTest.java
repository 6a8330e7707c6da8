package org.countersign.keycloak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static final String KEY = "the-api-key";

    @Test
    void whatIsLeftEmptyIsTheSafeChoice() throws Exception {
        Settings settings = Settings.parse(good());
        assertEquals("https://approve.example/prefix", settings.service().toString());
        assertFalse(settings.enrols() || settings.takesUnmatched());
        assertTrue(settings.takesCodes());
    }

    @Test
    void onlySecureAddressesAreTaken() throws Exception {
        for (String address : List.of("http://127.0.0.1:8440", "http://localhost:8440/", "http://[::1]:8440")) {
            Settings.parse(with(Settings.SERVICE, address));
        }
        for (String address : List.of(
                "",
                "approve.example",
                "http://approve.example",
                "http://127.0.0.1.example",
                "http://localhost.example",
                "https://user:secret@approve.example",
                "https://approve.example?x=1",
                "https://approve.example#x",
                "https:///path",
                "ftp://approve.example",
                "https://approve example")) {
            assertThrows(Settings.Invalid.class, () -> Settings.parse(with(Settings.SERVICE, address)), address);
        }
    }

    @Test
    void everyFieldIsChecked() {
        for (Map.Entry<String, String> wrong : List.of(
                Map.entry(Settings.API_KEY, ""),
                Map.entry(Settings.API_KEY, "two words"),
                Map.entry(Settings.API_KEY, "line\nbreak"),
                Map.entry(Settings.ORGANISATION, " "),
                Map.entry(Settings.CLIENT, "x".repeat(129)),
                Map.entry(Settings.APPLICATION, "Ward\u202eportal"),
                Map.entry(Settings.HELP, "x".repeat(501)),
                Map.entry(Settings.ENROLS, "yes"))) {
            assertThrows(
                    Settings.Invalid.class, () -> Settings.parse(with(wrong.getKey(), wrong.getValue())), wrong.toString());
        }
    }

    @Test
    void noTextHasTheKeyInIt() throws Exception {
        assertFalse(Settings.parse(good()).toString().contains(KEY));
        Map<String, String> wrong = with(Settings.SERVICE, "http://user:secret@approve.example");
        wrong.put(Settings.CLIENT, "");
        String text = assertThrows(Settings.Invalid.class, () -> Settings.parse(wrong)).getMessage();
        assertFalse(text.contains(KEY) || text.contains("secret"), text);
        assertTrue(text.contains(Settings.SERVICE) && text.contains(Settings.CLIENT), text);
    }

    @Test
    void namesAreFitForThePhone() {
        assertEquals("Ward portal", Names.fit(" Ward\u200b \u202eportal\n"));
        assertEquals(128, Names.fit("x".repeat(500)).length());
        assertEquals("", Names.fit("\u3164\u115f"));
    }

    @Test
    void onlyNumbersAreAddresses() {
        assertEquals("192.0.2.7", Names.address("192.0.2.7").orElseThrow());
        assertEquals("fe80:0:0:0:0:0:0:1", Names.address("fe80::1%eth0").orElseThrow());
        for (String other : new String[] {null, "", "localhost", "proxy.example", "unix:", "dead.beef", "999.1.1.1"}) {
            assertTrue(Names.address(other).isEmpty(), other);
        }
    }

    private static Map<String, String> good() {
        return new HashMap<>(Map.of(
                Settings.SERVICE, "https://approve.example/prefix/",
                Settings.API_KEY, KEY,
                Settings.ORGANISATION, "hospital",
                Settings.CLIENT, "keycloak"));
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> config = good();
        config.put(name, value);
        return config;
    }
}
