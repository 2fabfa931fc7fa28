/// The body of a request, piece by piece as it comes in. Where the receiver is slow, the sender waits.
///
/// Not `Sendable`: it belongs to the task that answers the request.
public final class ServiceBody {
    private let read: () async throws(BodyInterruption) -> [UInt8]?

    /// A body.
    ///
    /// - Parameter read: gives the next piece; nil at the end.
    public init(_ read: @escaping () async throws(BodyInterruption) -> [UInt8]?) { self.read = read }

    /// A body that is there already.
    public convenience init(pieces: [[UInt8]]) {
        var rest = pieces[...]
        self.init { rest.popFirst() }
    }

    /// The next piece; nil at the end.
    public func next() async throws(BodyInterruption) -> [UInt8]? { try await read() }
}

/// Why the rest of a body does not come.
public enum BodyInterruption: Error, Sendable, Equatable {
    /// It made no progress for too long.
    case tooSlow
    /// The client has gone, or does not keep to the protocol.
    case aborted
}

/// The body of an answer that is read while it is sent.
public struct ServiceContent: Sendable {
    /// Its bytes.
    public var length: Int
    /// Gives the bytes from an offset: as many as asked for, which never reaches beyond the end. Whatever it throws
    /// cuts the answer off.
    public var read: @Sendable (_ offset: Int, _ count: Int) async throws -> [UInt8]

    /// A body.
    public init(length: Int, read: @escaping @Sendable (_ offset: Int, _ count: Int) async throws -> [UInt8]) {
        self.length = length
        self.read = read
    }
}

extension DataPlaneService {
    /// Takes bodies whole.
    public func takesPieces(of request: ServiceRequest) -> Bool { false }

    /// Answers without the body: the service takes none in pieces.
    public func respond(to request: ServiceRequest, body: ServiceBody) async -> ServiceResponse {
        await respond(to: request)
    }

    /// Not brief.
    public func isBrief(_ request: ServiceRequest) -> Bool { false }

    /// Makes answers whole.
    public func streams(_ request: ServiceRequest) -> Bool { false }

    /// Answers at once.
    public func respond(to request: ServiceRequest, body: ServiceBody, by answer: AnswerStream) async {
        answer.finish(with: await respond(to: request, body: body))
    }
}
