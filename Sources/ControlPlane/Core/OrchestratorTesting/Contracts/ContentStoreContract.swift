import Orchestrator
public import ProjectModel
public import SnippetModel

/// What every ``ContentStore`` promises. Tests run it on ``InMemoryContentStore`` and on PostgreSQL.
public enum ContentStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    ///
    /// - Parameter refs: two projects that the store's database knows.
    public static func run(on store: any ContentStore, refs: [ProjectRef]) async throws {
        guard refs.count == 2 else { throw ContractViolation("the contract needs two projects") }
        let run = ContentContractRun(store: store, ref: refs[0], other: refs[1])
        try await run.checkItems()
        try await run.checkSharing()
        try await run.checkFavorites()
        try await run.checkPages()
        try await run.checkCursorsFromAfar()
        try await run.checkFolders()
        try await run.checkDeletion()
        try await run.checkRoom()
    }
}

private struct ContentContractRun {
    let store: any ContentStore
    let ref: ProjectRef
    let other: ProjectRef
    let ann = ContentAuthor(id: "00000000-0000-4000-8000-00000000000a", number: 7, username: "ann")
    let ben = ContentAuthor(id: "00000000-0000-4000-8000-00000000000b", number: 8, username: "ben")
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    func id(_ number: Int) -> String {
        let digits = String(number)
        return "10000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    func put(
        _ number: Int, _ name: String, by author: ContentAuthor? = nil, seconds: Int64? = nil,
        change: (inout ContentDraft) -> Void = { _ in }
    ) async throws -> ContentItem {
        var draft = ContentDraft(id: id(number), ref: ref, kind: .sql, visibility: .user, name: name)
        change(&draft)
        return try await store.put(draft, by: author ?? ann, at: start + .seconds(seconds ?? Int64(number)))
    }

    func refusal(_ body: () async throws -> Void) async throws -> ContentError {
        do { try await body() } catch let error as ContentError { return error }
        throw ContractViolation("the call must be refused")
    }

    func names(
        _ viewer: ContentAuthor, _ change: (inout ContentQuery) -> Void = { _ in }
    ) async throws -> [String] {
        var query = ContentQuery(viewer: viewer.id, refs: [ref])
        change(&query)
        return try await store.items(query).items.map(\.name)
    }

    /// Cursors come from clients: any number may stand in one.
    func checkCursorsFromAfar() async throws {
        for key in [Int64.min, -1, 0, Int64.max] {
            var query = ContentQuery(viewer: ann.id, refs: [ref])
            query.sort = .insertedAt
            query.cursor = ContentCursor(key: "\(key)", id: id(1))
            _ = try await store.items(query)
        }
    }

    func checkItems() async throws {
        let made = try await put(1, "First") { draft in
            draft.body = #"{"sql":"select 'ü\u0000'","n":1}"#
            draft.summary = "what for"
        }
        try promise("the author owns what they made", made.owner == ann && made.updatedBy == ann)
        try promise("times are kept", made.insertedAt == start + .seconds(1) && made.updatedAt == made.insertedAt)
        try promise("what was stored is read back", try await store.item(id(1), for: ann.id) == made)
        let changed = try await put(1, "First again", seconds: 50) { $0.kind = .report }
        try promise("what is not said stays", changed.body == made.body && changed.summary == made.summary)
        try promise("what is said changes", changed.name == "First again" && changed.kind == .report)
        try promise("the beginning stays", changed.insertedAt == made.insertedAt)
        try promise("the change has its time", changed.updatedAt == start + .seconds(50))
        try promise("there is nothing by another identifier", try await store.item(id(99), for: ann.id) == nil)
    }

    func checkSharing() async throws {
        try promise("others do not see what is private", try await store.item(id(1), for: ben.id) == nil)
        try promise("others do not list it", try await names(ben).isEmpty)
        try promise(
            "others cannot take its identifier",
            try await refusal { _ = try await put(1, "Mine", by: ben) } == .taken(id(1)))
        _ = try await put(2, "Shared") { $0.visibility = .project }
        try promise("what is shared is seen by others", try await names(ben) == ["Shared"])
        let changed = try await put(2, "Shared 2", by: ben) { $0.visibility = .project }
        try promise("others change what is shared", changed.owner == ann && changed.updatedBy == ben)
        guard case .forbidden = try await refusal({ _ = try await put(2, "Hidden", by: ben) }) else {
            throw ContractViolation("only the owner makes something private")
        }
        try promise(
            "an item stays with its project",
            try await refusal { _ = try await put(2, "Moved") { $0.ref = other } } == .taken(id(2)))
        let count = try await store.count(ContentQuery(viewer: ann.id, refs: [ref]))
        try promise("counts are right", count == ContentCount(favorites: 0, owned: 1, shared: 1))
        let theirs = try await store.count(ContentQuery(viewer: ben.id, refs: [ref]))
        try promise("counts leave out what is hidden", theirs == ContentCount(favorites: 0, owned: 0, shared: 1))
    }

    func checkFavorites() async throws {
        let marked = try await put(2, "Shared 2", by: ben) { draft in
            draft.visibility = .project
            draft.isFavorite = true
        }
        try promise("a favorite is one", marked.isFavorite)
        let seen = try await store.item(id(2), for: ann.id)
        try promise("a favorite is one account's own", seen?.isFavorite == false)
        try promise("favorites are listed", try await names(ben) { $0.isFavorite = true } == ["Shared 2"])
        try promise("favorites are left out", try await names(ben) { $0.isFavorite = false }.isEmpty)
        try promise("favorites filter for others", try await names(ann) { $0.isFavorite = true }.isEmpty)
        let again = try await put(2, "Shared 2", by: ben) { $0.visibility = .project }
        try promise("a favorite stays one", again.isFavorite)
        _ = try await put(2, "Shared 2", by: ben) { draft in
            draft.visibility = .project
            draft.isFavorite = false
        }
        try promise("a favorite can be ended", try await names(ben) { $0.isFavorite = true }.isEmpty)
    }

    func checkPages() async throws {
        for (number, name) in [(3, "alpha"), (4, "Beta"), (5, "beta"), (6, "GAMMA 50%"), (7, "ärger")] {
            _ = try await put(number, name)
        }
        let byName = ["alpha", "Beta", "beta", "First again", "GAMMA 50%", "Shared 2", "ärger"]
        for (sort, isDescending, expected) in [
            (ContentQuery.Sort.name, false, byName), (.name, true, byName.reversed()),
            (.insertedAt, false, ["First again", "Shared 2", "alpha", "Beta", "beta", "GAMMA 50%", "ärger"]),
            (.insertedAt, true, ["ärger", "GAMMA 50%", "beta", "Beta", "alpha", "Shared 2", "First again"]),
        ] {
            for limit in [1, 2, 3, 7, 100] {
                var query = ContentQuery(
                    viewer: ann.id, refs: [ref], sort: sort, isDescending: isDescending, limit: limit)
                var found: [String] = []
                repeat {
                    let page = try await store.items(query)
                    found += page.items.map(\.name)
                    try promise("a page is not too long", page.items.count <= limit)
                    query.cursor = page.cursor
                } while query.cursor != nil && found.count < 100
                try promise("pages of \(limit) by \(sort) hold everything once, in order", found == expected)
            }
        }
        try promise("names are searched", try await names(ann) { $0.name = "BETA" }.sorted() == ["Beta", "beta"])
        try promise("wildcards are letters", try await names(ann) { $0.name = "%" } == ["GAMMA 50%"])
        try promise("kinds filter", try await names(ann) { $0.kinds = [.report] } == ["First again"])
        try promise("visibilities filter", try await names(ann) { $0.visibilities = [.project] } == ["Shared 2"])
        try promise("other projects are apart", try await names(ann) { $0.refs = [other] }.isEmpty)
    }

    func folder(_ number: Int, _ name: String, in parent: Int? = nil, of owner: ContentAuthor? = nil) -> ContentFolder {
        ContentFolder(id: id(number), ref: ref, owner: owner ?? ann, parentID: parent.map(id), name: name)
    }

    func checkFolders() async throws {
        let outer = try await store.put(folder(100, "Outer"))
        _ = try await store.put(folder(101, "inner", in: 100))
        try promise(
            "folders are listed by name",
            try await store.folders(of: ref, owner: ann.id).map(\.name) == ["inner", "Outer"])
        try promise("folders are their owner's", try await store.folders(of: ref, owner: ben.id).isEmpty)
        try promise("folders are read back", try await store.folders(of: ref, owner: ann.id).contains(outer))
        try promise(
            "a folder lies in a known one",
            try await refusal { _ = try await store.put(folder(102, "x", in: 999)) } == .noFolder(id(999)))
        guard case .notPossible = try await refusal({ _ = try await store.put(folder(100, "Outer", in: 101)) }) else {
            throw ContractViolation("a folder does not lie in itself")
        }
        try promise(
            "no other user changes a folder",
            try await refusal { _ = try await store.put(folder(100, "Mine", of: ben)) } == .taken(id(100)))
        let inside = try await put(3, "alpha") { $0.place = .folder(id(101)) }
        try promise("an item lies in its folder", inside.folderID == id(101))
        let kept = try await put(3, "alpha")
        try promise("an item stays in its folder", kept.folderID == id(101))
        try promise("a folder is listed", try await names(ann) { $0.place = .folder(id(101)) } == ["alpha"])
        try promise("the top leaves it out", try await !names(ann) { $0.place = .top }.contains("alpha"))
        try promise(
            "an item lies in a known folder",
            try await refusal { _ = try await put(4, "Beta") { $0.place = .folder(id(998)) } } == .noFolder(id(998)))
        let shared = try await put(3, "alpha") { $0.visibility = .project }
        try promise("what is shared lies in no folder", shared.folderID == nil)
        _ = try await put(4, "Beta") { $0.place = .folder(id(101)) }
        _ = try await put(5, "beta") { $0.place = .folder(id(100)) }
        let top = try await put(5, "beta") { $0.place = .top }
        try promise("an item leaves its folder", top.folderID == nil)
        try await store.deleteFolders([id(100)], of: ref, owner: ben.id)
        try promise("no other user deletes a folder", try await store.folders(of: ref, owner: ann.id).count == 2)
        try await store.deleteFolders([id(100)], of: ref, owner: ann.id)
        try promise("a folder is deleted with those in it", try await store.folders(of: ref, owner: ann.id).isEmpty)
        try promise("what lies in it goes too", try await store.item(id(4), for: ann.id) == nil)
        try promise("the rest stays", try await store.item(id(5), for: ann.id) != nil)
    }

    func checkDeletion() async throws {
        try promise(
            "nothing of another project is deleted",
            try await store.delete([id(1)], of: other, by: ann.id).isEmpty)
        try promise("nothing hidden is deleted", try await store.delete([id(1)], of: ref, by: ben.id).isEmpty)
        try promise(
            "deleted items are returned",
            try await store.delete([id(2), id(1), id(77), id(1)], of: ref, by: ann.id) == [id(1), id(2)])
        try promise("what is deleted is gone", try await store.item(id(1), for: ann.id) == nil)
    }

    func checkRoom() async throws {
        func fill(_ number: Int, bytes: Int, of ref: ProjectRef? = nil) async throws {
            _ = try await put(number, "x") { draft in
                draft.ref = ref ?? other
                draft.body = String(repeating: "x", count: bytes)
            }
        }
        let half = ContentLimits.projectBytesMax / 2
        try await fill(90, bytes: half)
        try await fill(91, bytes: half - 10)
        let refused = try await refusal { try await fill(92, bytes: 9) }
        guard case .notPossible = refused else { throw ContractViolation("more than the room is refused") }
        try promise("what is refused is not stored", try await store.item(id(92), for: ann.id) == nil)
        let grown = try await refusal { try await fill(91, bytes: half) }
        guard case .notPossible = grown else { throw ContractViolation("growth beyond the room is refused") }
        try await fill(91, bytes: half - 11)
        try await fill(92, bytes: 5)
        try await fill(93, bytes: half, of: ref)
        _ = try await store.delete([id(90)], of: other, by: ann.id)
        try await fill(94, bytes: half)
        _ = try await store.delete([id(91), id(92), id(94)], of: other, by: ann.id)
        _ = try await store.delete([id(93)], of: ref, by: ann.id)
    }
}
