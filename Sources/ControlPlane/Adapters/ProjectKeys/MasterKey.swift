public import TokenKit

/// The key that wraps the data keys of all projects. It is in a file outside the database, so that a copy of the
/// database alone reveals no secret.
public struct MasterKey: Sendable {
    /// Bytes of the key and of its file.
    public static let byteCount = SealedBox.keyByteCount

    private static let keyCheckText = Array("this is the master key".utf8)

    let key: KeyBytes

    /// A master key from key material.
    ///
    /// - Throws: ``MasterKeyError/crypto(_:)`` unless there are exactly ``byteCount`` bytes.
    public init(_ key: KeyBytes) throws(MasterKeyError) {
        guard key.count == Self.byteCount else {
            throw .crypto(.invalidArgument(reason: "a master key has \(Self.byteCount) bytes"))
        }
        self.key = key
    }

    /// Reads the key file; at the very first start, makes it.
    ///
    /// - Parameters:
    ///   - path: the file of `SUPAMANAGER_MASTER_KEY_FILE`.
    ///   - sealedDataExists: whether the database holds anything that a master key has sealed. Then a missing file is
    ///     a refusal: a new key would open nothing, and hide that the right one is lost.
    public static func load(path: String, sealedDataExists: Bool) throws(MasterKeyError) -> MasterKey {
        do throws(TokenError) {
            return try MasterKey(unchecked: KeyFile.read(path, byteCount: byteCount))
        } catch .keyFile(_, .missing) {
            guard !sealedDataExists else { throw .missing(path: path) }
            return try create(path: path)
        } catch .keyFile(_, let problem) {
            throw .unusable(path: path, problem: problem)
        } catch {
            throw .crypto(error)
        }
    }

    private init(unchecked key: KeyBytes) {
        self.key = key
    }

    private static func create(path: String) throws(MasterKeyError) -> MasterKey {
        do throws(TokenError) {
            let key = try KeyBytes.random(count: byteCount)
            try KeyFile.create(path, holding: key)
            return MasterKey(unchecked: key)
        } catch .keyFile(_, let problem) {
            throw .unusable(path: path, problem: problem)
        } catch {
            throw .crypto(error)
        }
    }

    /// A sealed constant, to be stored with the first sealed data.
    ///
    /// - Parameter installation: the id of the installation, which the check is bound to.
    public func keyCheck(installation: String) throws(MasterKeyError) -> [UInt8] {
        do throws(TokenError) {
            return try SealedBox.seal(
                Self.keyCheckText, key: key, context: SealingContext(.keyCheck, installation).bytes)
        } catch {
            throw .crypto(error)
        }
    }

    /// Whether this is the key that the database was sealed with.
    ///
    /// - Parameter keyCheck: what ``keyCheck(installation:)`` gave when the database was new.
    /// - Throws: ``MasterKeyError/wrongKey``.
    public func verify(keyCheck: [UInt8], installation: String) throws(MasterKeyError) {
        do throws(TokenError) {
            let context = SealingContext(.keyCheck, installation).bytes
            guard try SealedBox.open(keyCheck, key: key, context: context) == Self.keyCheckText else {
                throw TokenError.notAuthentic
            }
        } catch .notAuthentic, .unknownFormat {
            throw .wrongKey
        } catch {
            throw .crypto(error)
        }
    }
}

/// Why the manager must not start with this master key. It never makes another one instead.
public enum MasterKeyError: Error, Sendable, Equatable {
    /// The file is not there, but data sealed with the key is.
    case missing(path: String)

    /// The file exists, but cannot be used.
    case unusable(path: String, problem: KeyFileProblem)

    /// The file holds another key than the one that the database was sealed with.
    case wrongKey

    /// libcrypto failed.
    case crypto(TokenError)
}

extension MasterKeyError: CustomStringConvertible {
    /// The message: what is wrong and what to do.
    public var description: String {
        switch self {
        case .missing(let path):
            "the master key file \(path) is missing, but the database holds secrets sealed with it; restore the file"
                + " from its backup, or point SUPAMANAGER_MASTER_KEY_FILE to it (a new key could not open them)"
        case .unusable(let path, let problem): "the master key file \(path) \(problem)"
        case .wrongKey:
            "the master key is not the one that this database was sealed with; point SUPAMANAGER_MASTER_KEY_FILE to"
                + " the right file, or the manager to the right database"
        case .crypto(let error): "the master key cannot be used: \(error)"
        }
    }
}
