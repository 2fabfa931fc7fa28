/// Puts files into containers, which need not run: what they mount is filled before their first start.
public protocol ContainerFiles: Sendable {
    /// Writes an archive piece by piece; throws to give up.
    typealias Source = @Sendable (_ write: @escaping @Sendable ([UInt8]) async throws -> Void) async throws -> Void

    /// Unpacks a tar, plain or compressed by gzip, into a folder that exists, with the owners and modes of the archive.
    ///
    /// - Throws: ``EngineError``, or what the source threw. Some of the files may be there by then.
    func unpack(into folder: String, ofContainer name: String, from source: @escaping Source) async throws
    /// Whether a container has a file or folder of this path.
    func hasFile(at path: String, inContainer name: String) async throws(EngineError) -> Bool
}

/// The engine takes no more of an archive that is being written.
public struct ArchiveRefused: Error, Sendable, Equatable, CustomStringConvertible {
    public init() {}

    public var description: String { "the engine ended the request before the archive was complete" }
}
