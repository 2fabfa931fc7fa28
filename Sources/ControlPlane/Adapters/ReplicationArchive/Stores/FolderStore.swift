public import BackupModel
import FileKit
public import ProjectModel
import Synchronization

/// Objects as files of a folder of this machine. A file gets its name after it is on the disk, and the name is on the
/// disk before a writer gets its answer.
public final class FolderStore: ObjectStore {
    /// What the names of unfinished files end with; no object's name does.
    static let unfinishedSuffix = ".part"
    /// Folders in folders that are searched.
    private static let depthMax = 8

    /// What must stay free on the disk: a full one would end whatever else uses it.
    public static let freeBytesMin: Int64 = 2 << 30
    /// Bytes of one object between two looks at what is free.
    static let lookBytes = 64 << 20

    private let root: String
    private let freeBytes: @Sendable (String) -> Int64?
    private let workers = FileWorkers()
    private let syncedFolders = Mutex<Set<String>>([])

    /// - Parameter path: a folder that exists: a missing one may be a disk that is not mounted.
    public convenience init(path: String) { self.init(path: path, freeBytes: FolderSpace.freeBytes) }

    /// - Parameter freeBytes: what is free on the disk of a folder; nil where that cannot be told.
    init(path: String, freeBytes: @escaping @Sendable (String) -> Int64?) {
        root = path.hasSuffix("/") ? String(path.dropLast()) : path
        self.freeBytes = freeBytes
    }

    public func write(_ name: String) async throws(BackupError) -> any ObjectWriter {
        let path = try path(of: name)
        let folder = Self.folder(of: path)
        let part = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 16))\(Self.unfinishedSuffix)"
        try await checkRoot()
        let file = try await perform { () throws(FileError) in
            try DiskFolder.make(folder)
            return try DiskFile.create(part)
        }
        return FolderWriter(store: self, file: file, part: part, path: path)
    }

    public func read(_ name: String) async throws(BackupError) -> (any ObjectReader)? {
        let path = try path(of: name)
        try await checkRoot()
        let file = try await perform { () throws(FileError) -> DiskFile? in
            do throws(FileError) { return try DiskFile.reading(path) } catch {
                guard error.isMissing else { throw error }
                return nil
            }
        }
        return file.map { FolderReader(store: self, file: $0) }
    }

    public func size(of name: String) async throws(BackupError) -> Int64? {
        let path = try path(of: name)
        return try await perform { () throws(FileError) -> Int64? in
            do throws(FileError) { return Int64(try DiskFile.reading(path).size()) } catch {
                guard error.isMissing else { throw error }
                return nil
            }
        }
    }

    public func list(_ prefix: String) async throws(BackupError) -> [StoredObject] {
        try await checkRoot()
        return try await files(prefix).filter { !$0.name.hasSuffix(Self.unfinishedSuffix) }
    }

    public func remove(_ name: String) async throws(BackupError) {
        let path = try path(of: name)
        _ = try await perform { () throws(FileError) in try DiskFolder.remove(path) }
    }

    public func removeUnfinished(_ prefix: String, before time: Timestamp) async throws(BackupError) {
        for file in try await files(prefix) where file.name.hasSuffix(Self.unfinishedSuffix) && file.modified < time {
            let path = root + "/" + file.name
            _ = try await perform { () throws(FileError) in try DiskFolder.remove(path) }
        }
    }

    private func files(_ prefix: String) async throws(BackupError) -> [StoredObject] {
        let (root, start) = (root, prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix)
        let found = try await perform { () throws(FileError) -> [StoredObject] in
            try Self.walk(root, start, depth: 0)
        }
        return found.sorted { $0.name < $1.name }
    }

    private static func walk(_ root: String, _ folder: String, depth: Int) throws(FileError) -> [StoredObject] {
        guard depth < depthMax else { return [] }
        let path = root + "/" + folder
        var found = try DiskFolder.files(in: path).map { entry in
            StoredObject(
                name: "\(folder)/\(entry.name)", bytes: Int64(entry.size),
                modified: Timestamp(milliseconds: Int64(entry.changed * 1_000)))
        }
        for name in try DiskFolder.folders(in: path) {
            found += try walk(root, "\(folder)/\(name)", depth: depth + 1)
        }
        return found
    }

    private func checkRoot() async throws(BackupError) {
        let root = root
        let exists = try await perform { () throws(FileError) in DiskFolder.exists(root) }
        guard exists else { throw .store("the folder \(root) does not exist: create it, or mount its disk") }
    }

    private func path(of name: String) throws(BackupError) -> String {
        guard
            !name.split(separator: "/", omittingEmptySubsequences: false).contains(where: { $0.isEmpty || $0 == ".." })
        else { throw .invalid("an object of a backup has an invalid name") }
        return root + "/" + name
    }

    /// Throws where little is free.
    fileprivate func checkRoom() throws(BackupError) {
        guard let free = freeBytes(root), free < Self.freeBytesMin else { return }
        throw .store(
            "less than \(Self.freeBytesMin >> 30) GiB are free under the folder \(root): free some room, or choose another"
                + " store")
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
    }

    /// The name of a finished file is on the disk, and so are those of its folders.
    fileprivate func settle(_ part: String, as path: String) async throws(BackupError) {
        let folder = Self.folder(of: path)
        let isKnown = syncedFolders.withLock { $0.contains(folder) }
        let root = root
        try await perform { () throws(FileError) in
            try DiskFolder.rename(part, to: path)
            try DiskFolder.sync(folder)
            guard !isKnown else { return }
            var above = folder
            while above.utf8.count > root.utf8.count {
                above = Self.folder(of: above)
                try DiskFolder.sync(above)
            }
        }
        syncedFolders.withLock { _ = $0.insert(folder) }
    }

    fileprivate func perform<Value: Sendable>(
        _ work: @escaping @Sendable () throws(FileError) -> Value
    ) async throws(BackupError) -> Value {
        do throws(FileError) { return try await workers.run(work) } catch {
            let advice = error.isNoSpace ? ": free some room, or choose another store" : ""
            throw .store("the folder \(root): \(error.description)\(advice)")
        }
    }
}

private final class FolderWriter: ObjectWriter {
    private let store: FolderStore
    private let file: DiskFile
    private let part: String
    private let path: String
    private let offset = Mutex(0)
    /// Where the next look at what is free is due.
    private let lookAt = Mutex(0)

    init(store: FolderStore, file: DiskFile, part: String, path: String) {
        (self.store, self.file, self.part, self.path) = (store, file, part, path)
    }

    func append(_ bytes: [UInt8]) async throws(BackupError) {
        let (file, at) = (file, offset.withLock { $0 })
        let isLookDue = lookAt.withLock { next in
            guard at >= next else { return false }
            next = at + FolderStore.lookBytes
            return true
        }
        if isLookDue { try store.checkRoom() }
        try await store.perform { () throws(FileError) in try file.write(bytes, at: at) }
        offset.withLock { $0 += bytes.count }
    }

    func finish() async throws(BackupError) {
        let file = file
        try await store.perform { () throws(FileError) in try file.sync() }
        try await store.settle(part, as: path)
    }

    func abandon() async {
        let part = part
        // What cannot be removed now is found by its name later.
        _ = try? await store.perform { () throws(FileError) in try DiskFolder.remove(part) }
    }
}

private final class FolderReader: ObjectReader {
    private let store: FolderStore
    private let file: DiskFile
    private let offset = Mutex(0)

    init(store: FolderStore, file: DiskFile) { (self.store, self.file) = (store, file) }

    func next() async throws(BackupError) -> [UInt8]? {
        let (file, at) = (file, offset.withLock { $0 })
        let bytes = try await store.perform { () throws(FileError) in try file.read(at: at, upTo: 1 << 20) }
        offset.withLock { $0 += bytes.count }
        return bytes.isEmpty ? nil : bytes
    }
}
