public import DataPlaneCore

/// Starts processes.
public protocol FunctionRuntime: Sendable {
    /// Makes the work folder, without what earlier processes left in it.
    func prepare() throws

    /// Starts a process; it does not listen yet.
    func start(_ launch: FunctionLaunch) throws -> any FunctionProcess
}

/// A process of a function.
public protocol FunctionProcess: Sendable {
    /// What it uses; nil once it has ended.
    var use: ProcessUse? { get }

    /// How it ended; nil while it runs.
    var exit: ProcessExit? { get }

    /// Whether it takes connections.
    func listens() async -> Bool

    /// Ends it at once, and takes its folder away. It has gone once it has an ``exit``.
    func kill()

    /// Sends the head of a request.
    func open(_ request: ServiceRequest) async throws(ExchangeFailure) -> any HTTPExchange
}

/// One request to another server and its answer. Of what waits is bounded on both ways: who writes waits for the other
/// end, and nothing is read that was not asked for.
public protocol HTTPExchange: Sendable {
    /// Sends a piece of the request's body, and waits until the other end has room.
    func send(_ piece: [UInt8]) async throws(ExchangeFailure)

    /// Ends the request's body.
    func end() async throws(ExchangeFailure)

    /// The head of the answer.
    func head() async throws(ExchangeFailure) -> (status: Int, headers: [(name: String, value: String)])

    /// The next piece of the answer's body; nil at its end.
    func next() async throws(ExchangeFailure) -> [UInt8]?

    /// Ends the exchange, wherever it is.
    func close()
}

/// The other end cannot be reached, or has gone.
public struct ExchangeFailure: Error, Sendable, CustomStringConvertible {
    public var description: String

    /// A failure.
    public init(_ description: String) { self.description = description }
}
