import BackupModel
import ProjectModel
import ReplicationArchive
import Synchronization

/// A store in memory that fails as it is asked to.
final class FaultyStore: ObjectStore {
    enum Fault: Equatable {
        /// The next writes fail, so many of them.
        case failing(Int)
        /// Writes wait for so long.
        case slow(Duration)
        /// There is no room.
        case full
        /// Says yes and stores nothing: the planted mistake "confirmed before the upload".
        case forgetting
        /// Stores everything but the last byte.
        case truncating
    }

    private struct State {
        var objects: [String: [UInt8]] = [:]
        var fault: Fault?
        var only = ""
        var forgotten: [String: Int64] = [:]
    }

    private let state = Mutex(State())

    /// - Parameter part: only objects whose names hold it.
    func set(_ fault: Fault?, only part: String = "") {
        state.withLock { ($0.fault, $0.only) = (fault, part) }
    }

    var names: [String] { state.withLock { $0.objects.keys.sorted() } }

    func change(_ name: String, _ change: (inout [UInt8]) -> Void) {
        state.withLock { state in
            guard var bytes = state.objects[name] else { return }
            change(&bytes)
            state.objects[name] = bytes
        }
    }

    func write(_ name: String) async throws(BackupError) -> any ObjectWriter { Writer(self, name) }

    func read(_ name: String) async throws(BackupError) -> (any ObjectReader)? {
        state.withLock { $0.objects[name] }.map { Reader($0) }
    }

    func size(of name: String) async throws(BackupError) -> Int64? {
        state.withLock { state in state.forgotten[name] ?? state.objects[name].map { Int64($0.count) } }
    }

    func list(_ prefix: String) async throws(BackupError) -> [StoredObject] {
        state.withLock { $0.objects }.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map {
            StoredObject(name: $0.key, bytes: Int64($0.value.count), modified: Timestamp(milliseconds: 0))
        }
    }

    func remove(_ name: String) async throws(BackupError) {
        state.withLock { _ = $0.objects.removeValue(forKey: name) }
    }

    func removeUnfinished(_ prefix: String, before time: Timestamp) async throws(BackupError) {}

    fileprivate func finish(_ name: String, _ bytes: [UInt8]) async throws(BackupError) {
        let fault = state.withLock { state -> Fault? in
            guard name.contains(state.only) else { return nil }
            if case .failing(let count) = state.fault {
                state.fault = count > 1 ? .failing(count - 1) : nil; return .failing(1)
            }
            return state.fault
        }
        switch fault {
        case .failing: throw .store("it fails as planned")
        case .full: throw .store("no room is left")
        case .forgetting: state.withLock { $0.forgotten[name] = Int64(bytes.count) }
        case .truncating: state.withLock { $0.objects[name] = Array(bytes.dropLast()) }
        case .slow(let duration):
            do { try await Task.sleep(for: duration) } catch { throw .cancelled }
            state.withLock { $0.objects[name] = bytes }
        case nil: state.withLock { $0.objects[name] = bytes }
        }
    }

    private final class Writer: ObjectWriter {
        private let store: FaultyStore
        private let name: String
        private let bytes = Mutex<[UInt8]>([])

        init(_ store: FaultyStore, _ name: String) { (self.store, self.name) = (store, name) }

        func append(_ more: [UInt8]) async throws(BackupError) { bytes.withLock { $0 += more } }
        func finish() async throws(BackupError) { try await store.finish(name, bytes.withLock { $0 }) }
        func abandon() async {}
    }

    private final class Reader: ObjectReader {
        private let rest: Mutex<ArraySlice<UInt8>>

        init(_ bytes: [UInt8]) { rest = Mutex(bytes[...]) }

        func next() async throws(BackupError) -> [UInt8]? {
            rest.withLock { rest in
                defer { rest = rest.dropFirst(100_000) }
                return rest.isEmpty ? nil : Array(rest.prefix(100_000))
            }
        }
    }
}
