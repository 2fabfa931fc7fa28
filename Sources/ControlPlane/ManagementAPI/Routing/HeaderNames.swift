import HTTPTypes

extension HTTPField.Name {
    /// `X-Request-Id`.
    static let requestIdentifier = custom("X-Request-Id")
    /// `X-RateLimit-Limit`: requests of a window.
    static let rateLimit = custom("X-RateLimit-Limit")
    /// `X-RateLimit-Remaining`: requests left in the window.
    static let rateRemaining = custom("X-RateLimit-Remaining")
    /// `X-RateLimit-Reset`: seconds until the window ends.
    static let rateReset = custom("X-RateLimit-Reset")
    /// `X-Total-Count`: rows of a list on all its pages.
    static let totalCount = custom("X-Total-Count")
    /// `Idempotency-Key`: the client's name for a request that it may send again.
    static let idempotencyKey = custom("Idempotency-Key")
    /// `Idempotency-Replayed`: the answer is the one given before.
    static let idempotencyReplayed = custom("Idempotency-Replayed")
    /// `Idempotency-Body`: `not-kept` where a repeated request does not get the body again.
    static let idempotencyBody = custom("Idempotency-Body")
    /// `X-Forwarded-For`: the client behind a proxy.
    static let forwardedFor = custom("X-Forwarded-For")
    /// `X-Gotrue-Id`: the account that asked.
    static let gotrueID = custom("X-Gotrue-Id")
    /// `X-Pg-Application-Name`: what Studio calls its connections.
    static let databaseApplication = custom("X-Pg-Application-Name")
    /// `X-GraphQL-Authorization`: the key for a GraphQL request that is passed on.
    static let graphQLAuthorization = custom("X-GraphQL-Authorization")

    /// `X-Accel-Buffering`: whether nginx may keep an answer back until it has more of it.
    static let acceleratedBuffering = custom("X-Accel-Buffering")
    /// `Last-Event-ID`: the last event that the client of a stream has got.
    static let lastEventIdentifier = custom("Last-Event-ID")

    /// `X-Operation-Id`: the operation that a request has begun, or found in progress.
    static let operationIdentifier = custom("X-Operation-Id")

    private static func custom(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else {
            preconditionFailure("\(text) is a valid field name by RFC 9110")
        }
        return name
    }
}
