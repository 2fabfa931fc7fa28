package import APIKit
import HTTPTypes
package import Identity
import NIOCore
package import Orchestrator
import Synchronization

/// Cache of encoded project lists. An entry serves equal queries of callers who see the same, for as long as the store
/// reports the same generation of projects: the store is asked each time, only the encoding is saved.
package final class ListResponseCache: Sendable {
    /// Bytes that are kept at most; beyond it all are forgotten.
    package static let bytesMax = 16 << 20
    /// Answers that are kept at most; beyond it all are forgotten.
    package static let answersMax = 256

    /// Everything that a list depends on besides the projects.
    private struct Question: Hashable {
        let query: ProjectQuery
        /// Numbers of the caller's organizations, by slug: rows contain them.
        let organizations: [String: Int64]
    }

    private struct Memory {
        var edition: ProjectEdition?
        var bodies: [Question: ByteBuffer] = [:]
        var bytes = 0
    }

    private let memory = Mutex(Memory())

    package init() {}

    /// Answers that are kept.
    package var count: Int { memory.withLock { $0.bodies.count } }

    /// The answer for a page, encoded by `answer` unless it is known already.
    package func answer(
        _ page: ProjectPage, to query: ProjectQuery, for principal: Principal,
        _ answer: () async throws -> APIResponse
    ) async throws -> APIResponse {
        guard let edition = page.edition else { return try await answer() }
        let question = Question(
            query: query,
            organizations: Dictionary(principal.memberships.map { ($0.organizationSlug, $0.organizationNumber) }) {
                first, _ in first
            })
        if let known = memory.withLock({ $0.edition == edition ? $0.bodies[question] : nil }) {
            return APIResponse(headers: [.contentType: "application/json"], body: known)
        }
        let made = try await answer()
        memory.withLock { Self.keep(made.body, for: question, in: edition, &$0) }
        return made
    }

    private static func keep(
        _ body: ByteBuffer, for question: Question, in edition: ProjectEdition, _ memory: inout Memory
    ) {
        let size = body.readableBytes
        guard size <= bytesMax else { return }
        if memory.edition != edition || memory.bytes + size > bytesMax || memory.bodies.count >= answersMax {
            memory = Memory(edition: edition)
        }
        memory.bytes += size - (memory.bodies.updateValue(body, forKey: question)?.readableBytes ?? 0)
    }
}
