package org.countersign.keycloak;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * HTTP with limits: on connecting, on the whole exchange and on the size of a reply. Certificates are always
 * checked, by the trust store that Keycloak gives to Java ({@code --truststore-paths}), and no redirect is followed.
 */
final class Transport {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration WHOLE = Duration.ofSeconds(10);
    private static final int MAX_REPLY = 64 * 1024;

    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    private Transport() {}

    /** A reply: its status and its body. */
    record Reply(int status, byte[] body) {}

    static Reply send(HttpRequest.Builder request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> exchange =
                CLIENT.sendAsync(request.timeout(WHOLE).build(), about -> new Bounded());
        try {
            // The request's own time limit covers only the reply's head.
            HttpResponse<byte[]> response = exchange.get(WHOLE.toMillis(), TimeUnit.MILLISECONDS);
            return new Reply(response.statusCode(), response.body());
        } catch (TimeoutException late) {
            throw new IOException("no whole reply within " + WHOLE.toSeconds() + " s");
        } catch (ExecutionException failed) {
            throw new IOException(reason(failed.getCause()));
        } finally {
            exchange.cancel(true);
        }
    }

    /** The kind of failure. Its own text may repeat what was sent. */
    private static String reason(Throwable cause) {
        return cause == null ? "the request failed" : "the request failed: " + cause.getClass().getSimpleName();
    }

    /** Collects a body up to the limit. */
    private static final class Bounded implements BodySubscriber<byte[]> {
        private final BodySubscriber<byte[]> whole = BodySubscribers.ofByteArray();
        private Flow.Subscription subscription;
        private long room = MAX_REPLY;

        @Override
        public CompletionStage<byte[]> getBody() {
            return whole.getBody();
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription = subscription;
            whole.onSubscribe(subscription);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            room -= buffers.stream().mapToLong(ByteBuffer::remaining).sum();
            if (room < 0) {
                subscription.cancel();
                whole.onError(new IOException("the reply is too large"));
            } else {
                whole.onNext(buffers);
            }
        }

        @Override
        public void onError(Throwable failure) {
            whole.onError(failure);
        }

        @Override
        public void onComplete() {
            whole.onComplete();
        }
    }
}
