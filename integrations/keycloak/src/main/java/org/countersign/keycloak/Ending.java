package org.countersign.keycloak;

import org.keycloak.authentication.AuthenticationFlowError;
import org.keycloak.events.Errors;

/** The ways in which this step doesn't succeed. */
enum Ending {
    /** The person said no. */
    DENIED("countersignDenied", true),
    /** The person said that it wasn't them. */
    REPORTED("countersignReported", true),
    /** The number that was typed at the phone wasn't the page's. */
    FAILED("countersignFailed", true),
    /** Nobody answered in time. */
    EXPIRED("countersignExpired", false),
    /** The person left the page by its button. */
    CANCELLED("countersignCancelled", false),
    /** It was approved in a way that the administrator doesn't accept. */
    METHOD("countersignMethod", true),
    /** The result doesn't verify. */
    UNVERIFIED("countersignUnverified", true),
    /** The service can't be reached. The same sign-in continues once it can. */
    UNAVAILABLE("countersignUnavailable", false),
    /** The settings are wrong. */
    MISCONFIGURED("countersignMisconfigured", false),
    /** The person has no phone that could be asked. */
    NOT_ENROLLED("countersignNotEnrolled", false),
    /** The person sets up a phone, in another tab. */
    ENROLLING("countersignEnrolling", false);

    private final String message;
    private final boolean isFailure;

    Ending(String message, boolean isFailure) {
        this.message = message;
        this.isFailure = isFailure;
    }

    /** The key of its text. */
    String message() {
        return message;
    }

    /** Whether it counts as a failed attempt, where Keycloak counts them (brute force detection). */
    boolean isFailure() {
        return isFailure;
    }

    /** Whether it is shown until the person decides. The others end as soon as the service works again. */
    boolean isKept() {
        return this != UNAVAILABLE && this != MISCONFIGURED;
    }

    String event() {
        return switch (this) {
            case DENIED, REPORTED -> Errors.REJECTED_BY_USER;
            case FAILED, METHOD, UNVERIFIED -> Errors.INVALID_USER_CREDENTIALS;
            case EXPIRED, CANCELLED -> Errors.EXPIRED_CODE;
            case UNAVAILABLE, MISCONFIGURED -> Errors.IDENTITY_PROVIDER_ERROR;
            case NOT_ENROLLED, ENROLLING -> Errors.NOT_ALLOWED;
        };
    }

    AuthenticationFlowError error() {
        return this == DENIED || this == REPORTED
                ? AuthenticationFlowError.ACCESS_DENIED
                : AuthenticationFlowError.INVALID_CREDENTIALS;
    }

    /** How a sign-in ended that wasn't approved. A state that isn't known here isn't an approval. */
    static Ending of(SignIn signIn) {
        return switch (signIn.state()) {
            case "denied" -> DENIED;
            case "reported" -> REPORTED;
            case "failed" -> FAILED;
            case "expired" -> EXPIRED;
            case "cancelled" -> CANCELLED;
            default -> UNVERIFIED;
        };
    }

    /** What is shown of a set-up that was started: once it has failed, only that there is no phone. */
    static Ending of(Enrolment enrolment) {
        return enrolment.isOpen() || enrolment.isDone() ? ENROLLING : NOT_ENROLLED;
    }

    static Ending of(Service.Failure failure) {
        return switch (failure.kind()) {
            case UNAVAILABLE -> UNAVAILABLE;
            case NOT_FOUND -> EXPIRED;
            case REFUSED -> MISCONFIGURED;
        };
    }
}
