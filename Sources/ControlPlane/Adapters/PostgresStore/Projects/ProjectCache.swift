import Orchestrator
import ProjectModel
import Synchronization

/// What was read of projects in one edition. A value: which edition the database has now is for the caller to say.
struct ProjectCache: Sendable {
    /// Records that are kept at most, single ones and those of pages together; beyond it all are forgotten.
    static let recordsMax = 20_000
    /// Pages that are kept at most; beyond it all are forgotten.
    static let pagesMax = 256

    private(set) var edition: ProjectEdition?
    private var pages: [ProjectQuery: ProjectPage] = [:]
    private var records: [ProjectRef: ProjectRecord] = [:]
    private(set) var recordsKept = 0

    /// A page that was read in this edition.
    func page(_ query: ProjectQuery, in edition: ProjectEdition) -> ProjectPage? {
        self.edition == edition ? pages[query] : nil
    }

    /// A record that was read in this edition.
    func record(_ ref: ProjectRef, in edition: ProjectEdition) -> ProjectRecord? {
        self.edition == edition ? records[ref] : nil
    }

    /// Keeps a page with the edition that it names.
    mutating func keep(_ page: ProjectPage, for query: ProjectQuery) {
        guard let edition = page.edition, page.projects.count <= Self.recordsMax else { return }
        makeRoom(for: page.projects.count, in: edition)
        recordsKept += page.projects.count - (pages[query]?.projects.count ?? 0)
        pages[query] = page
    }

    /// Keeps a record that was read in an edition.
    mutating func keep(_ record: ProjectRecord, in edition: ProjectEdition) {
        makeRoom(for: 1, in: edition)
        if records.updateValue(record, forKey: record.ref) == nil { recordsKept += 1 }
    }

    private mutating func makeRoom(for count: Int, in edition: ProjectEdition) {
        guard self.edition != edition || recordsKept + count > Self.recordsMax || pages.count >= Self.pagesMax else {
            return
        }
        self = ProjectCache()
        self.edition = edition
    }
}

/// Reads of projects in front of the database, which is asked for its edition before each of them: nothing that was
/// committed before a read began, by any manager, is missing from it.
final class EditionCache: Sendable {
    private let cache = Mutex(ProjectCache())
    private let editions = SharedReading<ProjectEdition>()

    /// A cached page when nothing has changed since it was read, else by `read`.
    func page(
        _ query: ProjectQuery, edition: () async throws -> ProjectEdition, read: () async throws -> ProjectPage
    ) async throws -> ProjectPage {
        let now = try await editions.value(edition)
        if let known = cache.withLock({ $0.page(query, in: now) }) { return known }
        let page = try await read()
        cache.withLock { $0.keep(page, for: query) }
        return page
    }

    /// A cached record when nothing has changed since it was read, else by `read`, which also returns its generation.
    func record(
        _ ref: ProjectRef, edition: () async throws -> ProjectEdition,
        read: () async throws -> (ProjectRecord, ProjectEdition)?
    ) async throws -> ProjectRecord? {
        let now = try await editions.value(edition)
        if let known = cache.withLock({ $0.record(ref, in: now) }) { return known }
        guard let (record, edition) = try await read() else { return nil }
        cache.withLock { $0.keep(record, in: edition) }
        return record
    }
}
