import BackupModel
import DeflateKit

/// Makes the tar of a plan's log, one segment in memory.
actor WALTar {
    private let archive: ReplicationArchive
    private let plan: RestorePlan
    private let access: ArchiveAccess
    private let owner: TarOwner
    private var waiting: [[UInt8]] = []
    private var nextPiece = 0
    private var segment: [UInt8] = []
    /// Where the segment in memory begins, and how far it is filled; nil without one.
    private var filled: (timeline: TimelineID, start: UInt64, upTo: UInt64)?
    private var phase = Phase.log

    private enum Phase {
        case log
        case last
        case done
    }

    init(_ archive: ReplicationArchive, _ plan: RestorePlan, access: ArchiveAccess, owner: TarOwner) {
        (self.archive, self.plan, self.access, self.owner) = (archive, plan, access, owner)
    }

    func next() async throws(BackupError) -> [UInt8]? {
        while waiting.isEmpty {
            switch phase {
            case .log: try await advance()
            case .last: try await finish()
            case .done: return nil
            }
        }
        return waiting.removeFirst()
    }

    private func advance() async throws(BackupError) {
        guard nextPiece < plan.log.count else {
            emitSegment()
            phase = .last
            return
        }
        let piece = plan.log[nextPiece]
        nextPiece += 1
        let bytes = try await archive.bytes(of: piece.chunk, access)
        let skipped = Int(piece.from.value - piece.chunk.from.value)
        try fill(
            bytes[skipped..<skipped + Int(piece.to.value - piece.from.value)], at: piece.from.value,
            on: piece.chunk.timeline)
    }

    private func fill(_ bytes: ArraySlice<UInt8>, at position: UInt64, on timeline: TimelineID) throws(BackupError) {
        let size = plan.base.segmentBytes
        guard (1...archive.limits.segmentBytesMax).contains(size) else {
            throw .invalid("segments of \(size) bytes are larger than \(archive.limits.segmentBytesMax)")
        }
        var (rest, here) = (bytes, position)
        while !rest.isEmpty {
            let start = here - here % size
            try turn(to: timeline, start: start, at: here)
            let count = min(rest.count, Int(start + size - here))
            segment.replaceSubrange(Int(here - start)..<Int(here - start) + count, with: rest.prefix(count))
            rest = rest.dropFirst(count)
            here += UInt64(count)
            filled = (timeline, start, here)
            if here == start + size { emitSegment() }
        }
    }

    /// Has the right segment in memory. A time line that begins in the middle of one takes over its beginning.
    private func turn(to timeline: TimelineID, start: UInt64, at position: UInt64) throws(BackupError) {
        if let filled {
            guard filled.upTo == position else { throw .invalid("the plan has a hole at \(WALPosition(position))") }
            guard filled.timeline != timeline else { return }
            let begun = segment
            emitSegment()
            segment = begun
        } else {
            segment = [UInt8](repeating: 0, count: Int(plan.base.segmentBytes))
        }
        filled = (timeline, start, position)
    }

    private func emitSegment() {
        guard let filled else { return }
        let number = filled.start / plan.base.segmentBytes
        let perFile = 0x1_0000_0000 / plan.base.segmentBytes
        let parts = [UInt64(filled.timeline.value), number / perFile, number % perFile]
        let name = parts.map { part in
            let text = String(part, radix: 16, uppercase: true)
            return String(repeating: "0", count: max(0, 8 - text.count)) + text
        }
        emit("pg_wal/" + name.joined(), segment)
        segment = []
        self.filled = nil
    }

    private func emit(_ name: String, _ content: [UInt8]) {
        waiting.append(TarEntry.header(name: name, bytes: content.count, owner: owner))
        for start in stride(from: 0, to: content.count, by: 1 << 20) {
            waiting.append(Array(content[start..<min(start + (1 << 20), content.count)]))
        }
        let padding = TarEntry.padding(after: content.count)
        if padding > 0 { waiting.append([UInt8](repeating: 0, count: padding)) }
    }

    private func finish() async throws(BackupError) {
        for branch in plan.branches {
            let text = try await archive.historyText(branch.timeline, seen: branch.seen, access)
            let number = String(branch.timeline.value, radix: 16, uppercase: true)
            let name = String(repeating: "0", count: max(0, 8 - number.count)) + number
            emit("pg_wal/\(name).history", Array(text.utf8))
        }
        emit("recovery.signal", [])
        waiting.append(TarEntry.end)
        phase = .done
    }
}
