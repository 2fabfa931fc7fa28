public import ProjectModel

/// A folder of an account's private snippets in a project. Only its owner sees it.
public struct ContentFolder: Sendable, Equatable {
    /// Identifier, a UUID in lower case.
    public var id: String
    public var ref: ProjectRef
    public var owner: ContentAuthor
    /// The folder that it lies in.
    public var parentID: String?
    public var name: String

    public init(id: String, ref: ProjectRef, owner: ContentAuthor, parentID: String?, name: String) {
        self.id = id
        self.ref = ref
        self.owner = owner
        self.parentID = parentID
        self.name = name
    }

    /// Checks the place of a folder among all folders of its owner in the project: its parent exists, it is not its own
    /// ancestor, and no folder is deeper than ``ContentLimits/folderDepthMax``.
    public static func check(_ folder: ContentFolder, among all: [ContentFolder]) throws(ContentError) {
        var parents = Dictionary(all.map { ($0.id, $0.parentID) }) { first, _ in first }
        if let parent = folder.parentID, parents[parent] == nil { throw .noFolder(parent) }
        parents[folder.id] = .some(folder.parentID)
        for start in parents.keys {
            var depth = 0
            var next: String? = start
            while let id = next {
                depth += 1
                guard depth <= ContentLimits.folderDepthMax else {
                    throw .notPossible(
                        "folders lie at most \(ContentLimits.folderDepthMax) deep, and none in itself")
                }
                next = parents[id] ?? nil
            }
        }
    }
}
