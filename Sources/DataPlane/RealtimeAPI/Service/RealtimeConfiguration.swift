public import DataPlaneCore

/// Settings of the realtime API.
public struct RealtimeConfiguration: Sendable {
    /// What clients may do at most.
    public var limits = RealtimeLimits()
    /// Checks the tokens of clients.
    public var verifier: TokenVerifier
    /// The project's keys, where clients name themselves with them; nil takes tokens alone.
    public var keys: APIKeys?

    /// Settings with the default limits.
    public init(verifier: TokenVerifier, keys: APIKeys? = nil) {
        self.verifier = verifier
        self.keys = keys
    }
}

/// A connection that may be opened.
public struct SocketAdmission: Sendable {
    let version: FrameVersion
    let claims: ChannelClaims
}

/// Writes to clients. Calls return at once and keep their order for each client.
public protocol SocketWriter: Sendable {
    /// Sends a message to several clients.
    func send(_ data: SocketData, to ids: [SocketID])

    /// Ends a connection after what was sent before.
    ///
    /// - Parameter code: WebSocket's close code.
    func close(_ id: SocketID, code: UInt16, reason: String)
}
