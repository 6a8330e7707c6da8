package org.countersign.keycloak;

import java.util.List;
import org.keycloak.Config;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorFactory;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.provider.ProviderConfigProperty;

/** The step as administrators see it, and its settings. */
public final class CountersignAuthenticatorFactory implements AuthenticatorFactory {
    static final String ID = "countersign";

    private static final CountersignAuthenticator AUTHENTICATOR = new CountersignAuthenticator();

    /** Made by Keycloak. */
    public CountersignAuthenticatorFactory() {}

    @Override
    public String getId() {
        return ID;
    }

    @Override
    public String getDisplayType() {
        return "Countersign";
    }

    @Override
    public String getReferenceCategory() {
        return ID;
    }

    @Override
    public String getHelpText() {
        return "Asks the person's phone: they type the number on Countersign's page into the app, or a one-time code into "
                + "the page. Put it after the password.";
    }

    @Override
    public boolean isConfigurable() {
        return true;
    }

    @Override
    public boolean isUserSetupAllowed() {
        return false;
    }

    @Override
    public Requirement[] getRequirementChoices() {
        return new Requirement[] {Requirement.REQUIRED, Requirement.ALTERNATIVE, Requirement.DISABLED};
    }

    @Override
    public List<ProviderConfigProperty> getConfigProperties() {
        return List.of(
                required(Settings.SERVICE, ProviderConfigProperty.URL_TYPE, "Service",
                        "Public address of the approval service, as in its --public-url: https://approve.example"),
                secret(Settings.API_KEY, "API key",
                        "Key of this Keycloak's client at the service. ${vault.NAME} takes it from Keycloak's vault, "
                                + "which keeps it out of exports."),
                required(Settings.ORGANISATION, ProviderConfigProperty.STRING_TYPE, "Organisation",
                        "Name of the organisation at the service, as in its client add --organisation. "
                                + "Results for another organisation are refused."),
                required(Settings.CLIENT, ProviderConfigProperty.STRING_TYPE, "Client",
                        "Name of this Keycloak at the service, as in its client add --name. Its --redirect-uri "
                                + "must be https://KEYCLOAK/realms/REALM/countersign/return"),
                optional(Settings.APPLICATION, ProviderConfigProperty.STRING_TYPE, "Application", "",
                        "What phones show as the application. Empty: the name of the application that is signed in to."),
                optional(Settings.HELP, ProviderConfigProperty.TEXT_TYPE, "What to say", "",
                        "Text for people who can't continue, such as the telephone number of your help desk."),
                optional(Settings.ENROLS, ProviderConfigProperty.BOOLEAN_TYPE, "Set up phones here", "false",
                        "People without a phone may set one up after their password. Anybody who knows the password of "
                                + "such a person can do so too. Leave it off where people can choose their username. "
                                + "The client needs the right to enrol."),
                optional(Settings.TAKES_CODES, ProviderConfigProperty.BOOLEAN_TYPE, "Accept one-time codes", "true",
                        "A one-time code of the app is enough, for phones without reception."),
                optional(Settings.TAKES_UNMATCHED, ProviderConfigProperty.BOOLEAN_TYPE,
                        "Accept approvals without a match", "false",
                        "Accepts approvals that don't prove that the person saw the page. Needed only if the service "
                                + "runs with --digits 0 and --scan false."));
    }

    private static ProviderConfigProperty required(String name, String type, String label, String help) {
        ProviderConfigProperty property = new ProviderConfigProperty(name, label, help, type, null);
        property.setRequired(true);
        return property;
    }

    private static ProviderConfigProperty secret(String name, String label, String help) {
        ProviderConfigProperty property = required(name, ProviderConfigProperty.PASSWORD, label, help);
        property.setSecret(true);
        return property;
    }

    private static ProviderConfigProperty optional(
            String name, String type, String label, String otherwise, String help) {
        return new ProviderConfigProperty(name, label, help, type, otherwise);
    }

    @Override
    public Authenticator create(KeycloakSession session) {
        return AUTHENTICATOR;
    }

    @Override
    public void init(Config.Scope config) {}

    @Override
    public void postInit(KeycloakSessionFactory factory) {}

    @Override
    public void close() {}
}
