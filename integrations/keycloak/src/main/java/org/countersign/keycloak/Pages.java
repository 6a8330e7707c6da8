package org.countersign.keycloak;

import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.Locale;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.forms.login.LoginFormsProvider;

/** The one page that this step has of its own: why it goes no further, and what can be done. */
final class Pages {
    private Pages() {}

    /**
     * @param help what the administrator wants people to read
     * @param canEnrol whether a phone can be set up from here
     * @param enrolment page of the set-up that has been started, if one has
     */
    static Response of(
            AuthenticationFlowContext context, Ending ending, String help, boolean canEnrol, URI enrolment) {
        LoginFormsProvider form = context.form()
                .setAttribute("countersignHelp", help)
                .setAttribute("countersignEnding", ending.name().toLowerCase(Locale.ROOT))
                .setAttribute("countersignCanEnrol", canEnrol)
                .setAttribute("countersignEnrolment", enrolment == null ? "" : enrolment.toString());
        if (ending == Ending.ENROLLING) {
            form.setInfo(ending.message());
        } else {
            form.setError(ending.message());
        }
        return form.createForm("countersign.ftl");
    }
}
