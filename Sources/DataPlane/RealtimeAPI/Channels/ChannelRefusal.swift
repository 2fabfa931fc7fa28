import DataPlaneCore

/// Why a join is refused, or a channel ends. Clients match on `status`; people read code and text.
enum ChannelRefusal: Error, Sendable, Equatable {
    case unauthorized(topic: String)
    case channelLimit
    case joinRate
    case token(TokenProblem)
    case privateOnly
    case topicName
    case replay
    case database
    case restarting
    case unknown

    /// The code before the colon.
    var code: String {
        switch self {
        case .unauthorized: "Unauthorized"
        case .channelLimit: "ChannelRateLimitReached"
        case .joinRate: "ClientJoinRateLimitReached"
        case .token(.expired), .token(.missingClaims): "InvalidJWTToken"
        case .token(.malformed): "MalformedJWT"
        case .token(.signature): "JwtSignatureError"
        case .privateOnly: "PrivateOnly"
        case .topicName: "TopicNameRequired"
        case .replay: "UnableToReplayMessages"
        case .database: "UnableToConnectToProject"
        case .restarting: "RealtimeRestarting"
        case .unknown: "UnknownErrorOnChannel"
        }
    }

    /// What happened, in words.
    var text: String {
        switch self {
        case .unauthorized(let topic): "You do not have permissions to read from this Channel topic: \(topic)"
        case .channelLimit: "This connection has as many channels as it may have"
        case .joinRate: "Too many joins per second"
        case .token(let problem): problem.description
        case .privateOnly: "This project has private channels only"
        case .topicName: "A topic is realtime: and a name"
        case .replay: "Replay is for private channels, with since in milliseconds and a limit from 1 to 25"
        case .database: "The database does not answer"
        case .restarting: "The server is restarting"
        case .unknown: "The policies of realtime.messages could not be evaluated"
        }
    }

    var reason: String { "\(code): \(text)" }
}

/// What is wrong with a token.
enum TokenProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// Seconds since it expired, where they are known.
    case expired(secondsAgo: Int?)
    case malformed
    case signature
    case missingClaims([String])

    var description: String {
        switch self {
        case .expired(let seconds?): "Token has expired \(seconds) seconds ago"
        case .expired: "Token has expired"
        case .malformed: "The token is not a JSON Web Token that can be read"
        case .signature: "The signature of the token is wrong"
        case .missingClaims(let names): "The token lacks the claims \(names.joined(separator: ", "))"
        }
    }
}
