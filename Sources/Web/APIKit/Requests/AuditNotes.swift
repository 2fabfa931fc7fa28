package import Orchestrator
import Synchronization

/// How much of a request an audit entry repeats. Clients choose names and values, and the trail is kept for ever.
package enum AuditLimits {
    /// Bytes of a name of something.
    package static let nameBytesMax = 128
    /// Bytes of a value.
    package static let valueBytesMax = 1_024
    /// Bytes of all names and values of an entry together.
    package static let entryBytesMax = 8 << 10
}

/// What a handler knows about its own doing and the pipeline does not: which trail it belongs to, and how what it
/// changed was before and after. Never a secret.
package final class AuditNotes: Sendable {
    /// The notes.
    package struct Content: Sendable {
        package var scope: AuditScope?
        package var target: [String: String] = [:]
        package var before: [String: String] = [:]
        package var after: [String: String] = [:]
        package var mayHaveChanged = false
        /// Bytes of the names and values so far.
        private var bytes = 0
        /// Values that no longer had room.
        private var leftOut = 0

        /// Adds a value to one of the groups; what has no room any more is counted.
        mutating func add(_ value: String, as name: String, to group: WritableKeyPath<Content, [String: String]>) {
            let name = AuditNotes.storable(name, bytesMax: AuditLimits.nameBytesMax)
            let value = AuditNotes.storable(value, bytesMax: AuditLimits.valueBytesMax)
            let before = self[keyPath: group][name].map { name.utf8.count + $0.utf8.count } ?? 0
            let size = bytes - before + name.utf8.count + value.utf8.count
            guard size <= AuditLimits.entryBytesMax else {
                leftOut += 1
                target["left_out"] = "\(leftOut) values"
                return
            }
            bytes = size
            self[keyPath: group][name] = value
        }
    }

    private let notes = Mutex(Content())

    package init() {}

    /// The notes.
    package var content: Content { notes.withLock { $0 } }

    /// The organization in whose trail the entry belongs, where the path does not name it.
    package func scope(organization slug: String) { notes.withLock { $0.scope = .organization(slug) } }

    /// The entry is written even when the answer is a refusal: part of the work may have been done.
    package func noteAttempt() { notes.withLock { $0.mayHaveChanged = true } }

    /// The answer shows these secrets, by their names: an entry is written that says which. None shows nothing.
    package func show(_ names: [String]) {
        guard !names.isEmpty else { return }
        noteAttempt()
        target("shown", names.joined(separator: ", "))
    }

    /// The object of the action.
    package func target(_ kind: String, _ name: String) {
        notes.withLock { $0.add(name, as: kind, to: \.target) }
    }

    /// One thing as it was and as it became; nil stands for absent.
    package func change(_ name: String, from before: String?, to after: String?) {
        notes.withLock { content in
            if let before { content.add(before, as: name, to: \.before) }
            if let after { content.add(after, as: name, to: \.after) }
        }
    }

    /// Clients name things as they like, even things that do not exist; PostgreSQL's text holds no NUL. What is too long
    /// is cut, and says so.
    fileprivate static func storable(_ text: String, bytesMax: Int) -> String {
        let isLong = text.utf8.count > bytesMax
        var room = isLong ? bytesMax - cutMark.utf8.count : bytesMax
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let scalar = scalar == "\0" ? "\u{FFFD}" : scalar
            room -= UTF8.width(scalar)
            guard room >= 0 else { break }
            kept.append(scalar)
        }
        return String(kept) + (isLong ? cutMark : "")
    }

    private static let cutMark = "…"
}
