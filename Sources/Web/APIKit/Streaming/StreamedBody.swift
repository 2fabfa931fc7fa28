/// A body that is written while it comes about: events, until there are no more or the client goes away.
package struct StreamedBody: Sendable {
    /// Its content type.
    package static let contentType = "text/event-stream; charset=utf-8"

    /// Batches of events; pulled, so that a slow client makes the source wait.
    package let events: AsyncThrowingStream<[ServerSentEvent], any Error>

    /// The batches that `next` gives, until it gives nil.
    package init(_ next: @escaping @Sendable () async throws -> [ServerSentEvent]?) {
        events = AsyncThrowingStream(unfolding: next)
    }
}

/// Why a stream ended: the data of its last event, `end`. After each but ``finished`` and ``refused`` a client connects
/// again.
package enum StreamEnd: String, Sendable {
    /// There is nothing more to come.
    case finished
    /// The stream has reached its time limit.
    case expired
    /// The manager stops.
    case stopping
    /// The credential or the permission is gone.
    case refused
    /// The source failed.
    case failed

    package var event: ServerSentEvent { ServerSentEvent(name: "end", data: rawValue) }
}

/// An error of a source of events whose text may be logged: it holds no secret.
package protocol StreamFailure: Error, CustomStringConvertible {}
