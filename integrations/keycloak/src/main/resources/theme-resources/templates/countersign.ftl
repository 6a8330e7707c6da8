<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
    <#if section = "header">
        ${msg("countersignTitle")}
    <#elseif section = "form">
        <div id="countersign" data-ending="${countersignEnding}">
            <#if countersignHelp?has_content>
                <p id="countersign-help">${countersignHelp}</p>
            </#if>
            <#if countersignEnrolment?has_content>
                <p>
                    <a id="countersign-enrolment" href="${countersignEnrolment}" target="_blank" rel="noopener noreferrer">${msg("countersignOpenEnrolment")}</a>
                </p>
            </#if>
            <form class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
                <#if countersignCanEnrol && !countersignEnrolment?has_content>
                    <button id="countersign-enrol" type="submit" name="countersign" value="enrol"
                        class="${properties.kcButtonClass!} ${properties.kcButtonPrimaryClass!} ${properties.kcButtonBlockClass!} ${properties.kcButtonLargeClass!}">${msg("countersignEnrol")}</button>
                <#else>
                    <button id="countersign-again" type="submit" name="countersign" value="again"
                        class="${properties.kcButtonClass!} ${properties.kcButtonPrimaryClass!} ${properties.kcButtonBlockClass!} ${properties.kcButtonLargeClass!}">${msg(countersignEnrolment?has_content?then("countersignContinue", "countersignAgain"))}</button>
                </#if>
            </form>
            <p>
                <a id="countersign-restart" href="${url.loginRestartFlowUrl}">${msg("countersignRestart")}</a>
            </p>
        </div>
    </#if>
</@layout.registrationLayout>
