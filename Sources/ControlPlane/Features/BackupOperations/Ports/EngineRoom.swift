/// The room on the disk of the engine's volumes.
public struct EngineRoom: Sendable {
    /// Free bytes; nil where the manager cannot tell.
    let freeBytes: @Sendable () async -> Int64?

    /// What a restore leaves free: the running projects' databases share the disk.
    static let margin: Int64 = 1 << 30

    public init(_ freeBytes: @escaping @Sendable () async -> Int64?) { self.freeBytes = freeBytes }

    /// Why there is no room for another copy of a database; nil where there is. Pure.
    static func refusal(bytes: Int64, free: Int64) -> String? {
        let (needed, overflow) = bytes.addingReportingOverflow(margin)
        guard overflow || free < needed else { return nil }
        return "the engine's disk has \(free >> 20) MiB free, and the restored database needs \(bytes >> 20) MiB and"
            + " \(margin >> 20) MiB to spare: make room, and try again"
    }
}
