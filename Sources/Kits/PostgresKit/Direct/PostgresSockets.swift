/// Event loops of the program's that can watch the sockets of connections, so that a pipeline needs no other thread than
/// the caller's.
public protocol PostgresSockets: Sendable {
    /// Watches a connected socket from now on, on the loop of the caller where there is one.
    ///
    /// - Parameters:
    ///   - descriptor: the socket, which does not block. The watch owns it, and closes it also when it cannot begin.
    ///   - receiver: gets what comes, call after call.
    /// - Returns: nil where the socket cannot be watched.
    func watch(_ descriptor: Int32, for receiver: any PostgresSocketReceiver) async -> (any PostgresSocketWatch)?
}

/// Takes what comes from a watched socket.
public protocol PostgresSocketReceiver: AnyObject, Sendable {
    /// Bytes, in their order.
    func receive(_ bytes: RawSpan)

    /// The other side has ended, or the socket is broken. Nothing more comes.
    func end()
}

/// A socket that is watched.
public protocol PostgresSocketWatch: Sendable {
    /// Whether the caller runs on the loop that watches.
    var isHere: Bool { get }

    /// Sends bytes after those of earlier calls. What cannot be sent ends the socket.
    func send(_ bytes: [UInt8])

    /// Stops reading. Once it returns nothing is received, nor taken out of the socket, also where the other side ends
    /// meanwhile: that is for the one to find who reads instead.
    func pause() async

    /// Reads on. Where that is not possible the receiver's ``PostgresSocketReceiver/end()`` is called.
    func resume() async

    /// Calls `work` after a time, unless the loop has ended.
    func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void)

    /// Closes the socket. Its receiver hears no more of it.
    func close()
}
