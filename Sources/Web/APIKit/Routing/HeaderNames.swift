package import HTTPTypes

extension HTTPField.Name {
    /// `X-Request-Id`.
    package static let requestIdentifier = custom("X-Request-Id")
    /// `X-RateLimit-Limit`: requests of a window.
    package static let rateLimit = custom("X-RateLimit-Limit")
    /// `X-RateLimit-Remaining`: requests left in the window.
    package static let rateRemaining = custom("X-RateLimit-Remaining")
    /// `X-RateLimit-Reset`: seconds until the window ends.
    package static let rateReset = custom("X-RateLimit-Reset")
    /// `X-Total-Count`: rows of a list on all its pages.
    package static let totalCount = custom("X-Total-Count")
    /// `Idempotency-Key`: the client's name for a request that it may send again.
    package static let idempotencyKey = custom("Idempotency-Key")
    /// `Idempotency-Replayed`: the answer is the one given before.
    package static let idempotencyReplayed = custom("Idempotency-Replayed")
    /// `Idempotency-Body`: `not-kept` where a repeated request does not get the body again.
    package static let idempotencyBody = custom("Idempotency-Body")
    /// `X-Forwarded-For`: the client behind a proxy.
    package static let forwardedFor = custom("X-Forwarded-For")
    /// `X-Gotrue-Id`: the account that asked.
    package static let gotrueID = custom("X-Gotrue-Id")
    /// `X-Pg-Application-Name`: what Studio calls its connections.
    package static let databaseApplication = custom("X-Pg-Application-Name")
    /// `X-GraphQL-Authorization`: the key for a GraphQL request that is passed on.
    package static let graphQLAuthorization = custom("X-GraphQL-Authorization")

    /// `X-Accel-Buffering`: whether nginx may keep an answer back until it has more of it.
    package static let acceleratedBuffering = custom("X-Accel-Buffering")
    /// `Last-Event-ID`: the last event that the client of a stream has got.
    package static let lastEventIdentifier = custom("Last-Event-ID")

    /// `X-Operation-Id`: the operation that a request has begun, or found in progress.
    package static let operationIdentifier = custom("X-Operation-Id")

    /// A field that HTTPTypes has no name for.
    package static func custom(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else {
            preconditionFailure("\(text) is a valid field name by RFC 9110")
        }
        return name
    }
}
