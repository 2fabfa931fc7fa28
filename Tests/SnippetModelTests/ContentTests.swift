import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import SnippetModel

@Suite("Snippets, reports and folders")
struct ContentTests {
    private let ann = ContentAuthor(id: "ann", number: 1, username: "ann")
    private let ben = ContentAuthor(id: "ben", number: 2, username: "ben")
    private let time = Timestamp(milliseconds: 1)

    @Test("the store in memory does what every store does")
    func contract() async throws {
        try await ContentStoreContract.run(on: InMemoryContentStore(), refs: [.sample(1), .sample(2)])
    }

    /// Every combination of actor, owner and change of visibility.
    @Test("only the owner sees what is private, and only the owner makes it private")
    func rules() throws {
        for before in ContentVisibility.allCases {
            for after in ContentVisibility.allCases {
                for author in [ann, ben] {
                    let known = try ContentRules.merge(draft(before), into: nil, folders: [], by: ann, at: time)
                    #expect(
                        ContentRules.isVisible(known, to: author.id) == (author == ann || before != .user))
                    let outcome = Result {
                        () throws(ContentError) in
                        try ContentRules.merge(draft(after), into: known, folders: [], by: author, at: time)
                    }
                    switch (author == ann, before, after) {
                    case (true, _, _): #expect(try outcome.get().visibility == after)
                    case (false, .user, _): #expect(throws: ContentError.taken(known.id)) { try outcome.get() }
                    case (false, _, .user): #expect(throws: ContentError.self) { try outcome.get() }
                    default: #expect(try outcome.get().owner == ann)
                    }
                }
            }
        }
    }

    private func draft(_ visibility: ContentVisibility) -> ContentDraft {
        ContentDraft(id: "x", ref: .sample(1), kind: .sql, visibility: visibility, name: "x")
    }

    @Test("a cursor is read back as it was written, and nothing else is a cursor")
    func cursors() {
        for key in ["", "a", "ü.ß ✓", String(repeating: "é", count: 256)] {
            let cursor = ContentCursor(key: key, id: "10000000-0000-4000-8000-000000000001")
            #expect(ContentCursor(cursor.text, in: .name) == cursor)
        }
        #expect(ContentCursor(ContentCursor(key: "-5", id: "x").text, in: .insertedAt)?.key == "-5")
        for text in ["", "x", "x.1", "x.zz", "x.ff", "x.00", "x.61.61", "x." + String(repeating: "61", count: 9_999)] {
            #expect(ContentCursor(text, in: .name) == nil, "\(text.prefix(20))")
        }
        #expect(ContentCursor(ContentCursor(key: "name", id: "x").text, in: .insertedAt) == nil)
    }

    @Test("folders lie in folders up to the limit, and never in a circle")
    func folders() throws {
        func folder(_ number: Int, in parent: Int?) -> ContentFolder {
            ContentFolder(
                id: "\(number)", ref: .sample(1), owner: ann, parentID: parent.map { "\($0)" }, name: "f")
        }
        let max = ContentLimits.folderDepthMax
        let chain = (1...max).map { folder($0, in: $0 == 1 ? nil : $0 - 1) }
        for (index, link) in chain.enumerated() { try ContentFolder.check(link, among: Array(chain[..<index])) }
        #expect(throws: ContentError.self) { try ContentFolder.check(folder(max + 1, in: max), among: chain) }
        #expect(throws: ContentError.self) { try ContentFolder.check(folder(1, in: max), among: chain) }
        #expect(throws: ContentError.self) { try ContentFolder.check(folder(50, in: 50), among: []) }
        #expect(throws: ContentError.noFolder("9999")) { try ContentFolder.check(folder(2, in: 9_999), among: chain) }
        // A subtree that would hang too deep cannot be moved down.
        #expect(throws: ContentError.self) {
            try ContentFolder.check(folder(1, in: 60), among: chain + [folder(60, in: nil)])
        }
    }

    @Test("pages cut at the number of items or of bytes, and always hold at least one item")
    func pages() throws {
        func items(_ sizes: [Int]) throws -> [ContentItem] {
            try sizes.map { size in
                var draft = draft(.user)
                draft.body = String(repeating: "x", count: size)
                return try ContentRules.merge(draft, into: nil, folders: [], by: ann, at: time)
            }
        }
        var query = ContentQuery(viewer: "ann", refs: [], limit: 2)
        #expect(ContentPage(try items([]), of: query).cursor == nil)
        #expect(ContentPage(try items([1, 1]), of: query).cursor == nil)
        let cut = ContentPage(try items([1, 1, 1]), of: query)
        #expect(cut.items.count == 2)
        #expect(cut.cursor != nil)
        query.limit = 100
        let huge = ContentLimits.pageBytesMax
        #expect(ContentPage(try items([huge + 1, 1]), of: query).items.count == 1)
        #expect(ContentPage(try items([huge - 1, 1, 1]), of: query).items.count == 2)
    }
}
