package import Orchestrator
import Synchronization

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
        target("shown", String(names.joined(separator: ", ").prefix(Self.shownCharactersMax)))
    }

    /// Characters of the names of shown secrets that an entry repeats.
    private static let shownCharactersMax = 1_000

    /// The object of the action; of a longer name only the beginning is kept, since services of projects give names too.
    package func target(_ kind: String, _ name: String) {
        let name = Self.storable(name)
        let isCut = name.utf8.count > Self.targetBytesMax
        let kept = isCut ? String(decoding: name.utf8.prefix(Self.targetBytesMax), as: UTF8.self) + "…" : name
        notes.withLock { $0.target[kind] = kept }
    }

    /// Bytes of a target's name.
    private static let targetBytesMax = 4 << 10

    /// One thing as it was and as it became; nil stands for absent.
    package func change(_ name: String, from before: String?, to after: String?) {
        notes.withLock { content in
            content.before[name] = before.map(Self.storable)
            content.after[name] = after.map(Self.storable)
        }
    }

    /// Clients name things as they like, even things that do not exist; PostgreSQL's text holds no NUL.
    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }
}
