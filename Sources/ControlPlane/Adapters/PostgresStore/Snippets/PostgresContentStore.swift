import Orchestrator
public import PostgresKit
public import ProjectModel
public import SnippetModel

/// Snippets, reports and folders in PostgreSQL.
public struct PostgresContentStore: ContentStore {
    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Selects one page.
    public func items(_ query: ContentQuery) async throws(ContentError) -> ContentPage {
        ContentPage(try await transaction { try await ContentRows.select(query, in: $0) }, of: query)
    }

    /// Selects one item.
    public func item(_ id: String, for viewer: String) async throws(ContentError) -> ContentItem? {
        let item = try await transaction { try await ContentRows.select(id, for: viewer, in: $0) }
        guard let item, ContentRules.isVisible(item, to: viewer) else { return nil }
        return item.seen(by: viewer, isFavorite: item.isFavorite)
    }

    public func count(_ query: ContentQuery) async throws(ContentError) -> ContentCount {
        try await transaction { try await ContentRows.count(query, in: $0) }
    }

    /// Inserts or updates an item.
    public func put(
        _ draft: ContentDraft, by author: ContentAuthor, at time: Timestamp
    ) async throws(ContentError) -> ContentItem {
        try await transaction { transaction in
            try await ContentRows.lock(draft.ref, in: transaction)
            let known = try await ContentRows.select(draft.id, for: author.id, locked: true, in: transaction)
            let folders = try await ContentFolderRows.select(of: draft.ref, owner: author.id, in: transaction)
            let item = try ContentRules.merge(
                draft, into: known, folders: Set(folders.map(\.id)), by: author, at: time)
            try ContentRules.checkRoom(
                for: item, insteadOf: known,
                beside: try await ContentRows.room(of: draft.ref, besides: draft.id, in: transaction))
            try await ContentRows.upsert(item, in: transaction)
            // An item of that identifier may have been created since the lookup.
            guard let stored = try await ContentRows.select(item.id, for: author.id, in: transaction),
                stored.ref == item.ref, stored.owner.id == item.owner.id
            else { throw ContentError.taken(item.id) }
            try await ContentRows.setFavorite(item.isFavorite, item.id, of: author.id, in: transaction)
            return item.seen(by: author.id, isFavorite: item.isFavorite)
        }
    }

    /// Deletes what the account sees of the items.
    public func delete(
        _ ids: [String], of ref: ProjectRef, by account: String
    ) async throws(ContentError) -> [String] {
        try await transaction { try await ContentRows.delete(ids, of: ref, by: account, in: $0) }
    }

    /// Selects folders.
    public func folders(of ref: ProjectRef, owner: String) async throws(ContentError) -> [ContentFolder] {
        try await transaction { try await ContentFolderRows.select(of: ref, owner: owner, in: $0) }
    }

    /// Inserts or updates a folder.
    public func put(_ folder: ContentFolder) async throws(ContentError) -> ContentFolder {
        try await transaction { transaction in
            try await ContentFolderRows.lock(folder.ref, owner: folder.owner.id, in: transaction)
            let known = try await ContentFolderRows.select(folder.id, in: transaction)
            if let known, known.ref != folder.ref || known.owner.id != folder.owner.id {
                throw ContentError.taken(folder.id)
            }
            let all = try await ContentFolderRows.select(of: folder.ref, owner: folder.owner.id, in: transaction)
            if known == nil { try ContentRules.checkFolderCount(all.count) }
            try ContentFolder.check(folder, among: all)
            try await ContentFolderRows.upsert(folder, in: transaction)
            return folder
        }
    }

    /// Deletes folders with their content.
    public func deleteFolders(_ ids: [String], of ref: ProjectRef, owner: String) async throws(ContentError) {
        try await transaction { try await ContentFolderRows.delete(ids, of: ref, owner: owner, in: $0) }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(ContentError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch let error as ContentError {
            throw error
        } catch {
            throw .store(PostgresProjectStore.storeError(error))
        }
    }
}
