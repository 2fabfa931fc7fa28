import Orchestrator
public import ProjectModel
public import SnippetModel

/// The tables of an ``InMemoryContentStore``.
struct ContentTable: Sendable {
    var items: [String: ContentItem] = [:]
    var favorites: Set<[String]> = []
    var folders: [String: ContentFolder] = [:]

    func seen(_ item: ContentItem, by account: String) -> ContentItem {
        item.seen(by: account, isFavorite: favorites.contains([item.id, account]))
    }

    func matching(_ query: ContentQuery) -> [ContentItem] {
        items.values.filter { query.refs.contains($0.ref) && ContentRules.isVisible($0, to: query.viewer) }
            .map { seen($0, by: query.viewer) }.filter(query.wants)
    }

    /// Deletes what was kept with a project.
    mutating func forget(_ ref: ProjectRef) {
        let gone = Set(items.values.lazy.filter { $0.ref == ref }.map(\.id))
        items = items.filter { !gone.contains($0.key) }
        favorites = favorites.filter { !gone.contains($0[0]) }
        folders = folders.filter { $0.value.ref != ref }
    }
}

/// Snippets in memory, under the same rules as in PostgreSQL; ``ContentStoreContract`` holds both to them.
public final class InMemoryContentStore: ContentStore, Revertible {
    private let projects: InMemoryProjectStore

    /// The snippets of a database, which is empty unless it is named.
    public init(in projects: InMemoryProjectStore = InMemoryProjectStore()) { self.projects = projects }

    private func withTable<Value: Sendable, Failure: Error>(
        _ body: (inout ContentTable) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try projects.withTables { tables throws(Failure) in try body(&tables.content) }
    }

    /// One page.
    public func items(_ query: ContentQuery) async throws(ContentError) -> ContentPage {
        let all = withTable { $0.matching(query) }.sorted(by: query.isBefore)
        let rest = all.filter { item in query.cursor.map { query.isBefore($0, item) } ?? true }
        return ContentPage(Array(rest.prefix(query.limit + 1)), of: query)
    }

    public func item(_ id: String, for viewer: String) async throws(ContentError) -> ContentItem? {
        withTable { state in
            guard let item = state.items[id], ContentRules.isVisible(item, to: viewer) else { return nil }
            return state.seen(item, by: viewer)
        }
    }

    public func count(_ query: ContentQuery) async throws(ContentError) -> ContentCount {
        let wanted = ContentQuery(viewer: query.viewer, refs: query.refs, kinds: query.kinds, name: query.name)
        let all = withTable { $0.matching(wanted) }
        return ContentCount(
            favorites: all.filter(\.isFavorite).count, owned: all.filter(\.visibility.isPrivate).count,
            shared: all.filter { !$0.visibility.isPrivate }.count)
    }

    /// Stores an item.
    public func put(
        _ draft: ContentDraft, by author: ContentAuthor, at time: Timestamp
    ) async throws(ContentError) -> ContentItem {
        try withTable { state throws(ContentError) in
            let known = state.items[draft.id].map { known in
                var known = known
                known.isFavorite = state.favorites.contains([known.id, author.id])
                return known
            }
            let folders = state.folders.values.filter { $0.ref == draft.ref && $0.owner.id == author.id }
            let item = try ContentRules.merge(
                draft, into: known, folders: Set(folders.map(\.id)), by: author, at: time)
            let others = state.items.values.filter { $0.ref == draft.ref && $0.id != draft.id }
            let room = ContentRoom(items: others.count, bytes: others.reduce(0) { $0 + $1.bytes })
            try ContentRules.checkRoom(for: item, insteadOf: known, beside: room)
            state.items[item.id] = item
            if item.isFavorite {
                state.favorites.insert([item.id, author.id])
            } else {
                state.favorites.remove([item.id, author.id])
            }
            return state.seen(item, by: author.id)
        }
    }

    /// Deletes items.
    public func delete(
        _ ids: [String], of ref: ProjectRef, by account: String
    ) async throws(ContentError) -> [String] {
        withTable { state in
            let gone = Set(ids).filter { id in
                state.items[id].map { $0.ref == ref && ContentRules.isVisible($0, to: account) } ?? false
            }
            for id in gone { state.items[id] = nil }
            state.favorites = state.favorites.filter { !gone.contains($0[0]) }
            return gone.sorted()
        }
    }

    /// Folders by name.
    public func folders(of ref: ProjectRef, owner: String) async throws(ContentError) -> [ContentFolder] {
        withTable { $0.folders.values.filter { $0.ref == ref && $0.owner.id == owner } }.sorted {
            ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id)
        }
    }

    /// Stores a folder.
    public func put(_ folder: ContentFolder) async throws(ContentError) -> ContentFolder {
        try withTable { state throws(ContentError) in
            let known = state.folders[folder.id]
            if let known, known.owner.id != folder.owner.id || known.ref != folder.ref { throw .taken(folder.id) }
            let all = state.folders.values.filter { $0.ref == folder.ref && $0.owner.id == folder.owner.id }
            if known == nil { try ContentRules.checkFolderCount(all.count) }
            try ContentFolder.check(folder, among: Array(all))
            state.folders[folder.id] = folder
            return folder
        }
    }

    public func deleteFolders(_ ids: [String], of ref: ProjectRef, owner: String) async throws(ContentError) {
        withTable { state in
            var gone = Set(
                ids.filter { id in state.folders[id].map { $0.ref == ref && $0.owner.id == owner } ?? false })
            var count = -1
            while gone.count != count {
                count = gone.count
                let inside = state.folders.values.filter { $0.parentID.map(gone.contains) ?? false }
                gone.formUnion(inside.map(\.id))
            }
            state.folders = state.folders.filter { !gone.contains($0.key) }
            state.items = state.items.filter { !($0.value.folderID.map(gone.contains) ?? false) }
        }
    }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = withTable { $0 }
        return { [self] in withTable { $0 = copy } }
    }
}

extension ContentQuery {
    fileprivate func wants(_ item: ContentItem) -> Bool {
        kinds?.contains(item.kind) ?? true && visibilities?.contains(item.visibility) ?? true
            && isFavorite.map { $0 == item.isFavorite } ?? true
            && name.map { item.name.lowercased().contains($0.lowercased()) } ?? true && isIn(item)
    }

    private func isIn(_ item: ContentItem) -> Bool {
        switch place {
        case nil: true
        case .top: item.folderID == nil
        case .folder(let id): item.folderID == id
        }
    }

    fileprivate func isBefore(_ left: ContentItem, _ right: ContentItem) -> Bool {
        isBefore(ContentCursor(behind: left, in: sort), right)
    }

    fileprivate func isBefore(_ left: ContentCursor, _ item: ContentItem) -> Bool {
        let right = ContentCursor(behind: item, in: sort)
        let (first, second) = isDescending ? (right, left) : (left, right)
        if sort == .insertedAt, let early = Int64(first.key), let late = Int64(second.key) {
            return (early, first.id) < (late, second.id)
        }
        guard first.key == second.key else { return first.key.utf8.lexicographicallyPrecedes(second.key.utf8) }
        return first.id < second.id
    }
}
