public import ProjectModel
import TokenKit

/// Seals and opens the secrets of one project under the project's own data key.
///
/// The data key is stored wrapped by the master key. Changing the master key so means to wrap one key per project
/// again, and no secret; deleting the wrapped key makes all secrets of the project unreadable for good.
public struct ProjectKeyring: Sendable {
    /// The data key, sealed under the master key: what the database stores.
    public let wrappedKey: [UInt8]

    public let ref: ProjectRef

    private let dataKey: KeyBytes

    /// Makes a data key for a new project.
    public init(
        creatingFor ref: ProjectRef, installation: String, master: MasterKey
    ) throws(ProjectKeyError) {
        self.ref = ref
        do throws(TokenError) {
            dataKey = try KeyBytes.random(count: SealedBox.keyByteCount)
            wrappedKey = try SealedBox.seal(
                dataKey.reveal(), key: master.key, context: Self.context(ref, installation))
        } catch {
            throw .crypto(error)
        }
    }

    /// Unwraps the data key of a project.
    ///
    /// - Throws: ``ProjectKeyError/notAuthentic(name:)`` when the key was wrapped with another master key, for another
    ///   project or installation, or was changed.
    public init(
        wrappedKey: [UInt8], ref: ProjectRef, installation: String, master: MasterKey
    ) throws(ProjectKeyError) {
        self.ref = ref
        self.wrappedKey = wrappedKey
        do throws(TokenError) {
            let key = try SealedBox.open(wrappedKey, key: master.key, context: Self.context(ref, installation))
            guard key.count == SealedBox.keyByteCount else { throw TokenError.unknownFormat }
            dataKey = KeyBytes(key)
        } catch {
            throw ProjectKeyError(error, name: "data key")
        }
    }

    private init(wrappedKey: [UInt8], ref: ProjectRef, dataKey: KeyBytes) {
        self.wrappedKey = wrappedKey
        self.ref = ref
        self.dataKey = dataKey
    }

    /// Seals a secret under its name; it opens under this name only.
    public func seal(_ secret: Secret<String>, name: String) throws(ProjectKeyError) -> [UInt8] {
        do throws(TokenError) {
            return try SealedBox.seal(Array(secret.reveal().utf8), key: dataKey, context: context(name))
        } catch {
            throw .crypto(error)
        }
    }

    /// Opens a secret.
    ///
    /// - Throws: ``ProjectKeyError/notAuthentic(name:)`` when it was changed, or sealed under another name or for
    ///   another project.
    public func open(_ sealed: [UInt8], name: String) throws(ProjectKeyError) -> Secret<String> {
        do throws(TokenError) {
            let bytes = try SealedBox.open(sealed, key: dataKey, context: context(name))
            guard let text = String(validating: bytes, as: UTF8.self) else { throw TokenError.unknownFormat }
            return Secret(text)
        } catch {
            throw ProjectKeyError(error, name: name)
        }
    }

    private func context(_ name: String) -> [UInt8] {
        SealingContext(.projectSecret, ref.text, name).bytes
    }

    private static func context(_ ref: ProjectRef, _ installation: String) -> [UInt8] {
        SealingContext(.projectKey, installation, ref.text).bytes
    }
}

extension ProjectKeyring: CustomStringConvertible, CustomReflectable {
    /// The project, without any key.
    public var description: String { "ProjectKeyring(\(ref))" }

    /// A mirror without keys.
    public var customMirror: Mirror { Mirror(self, children: ["ref": ref]) }
}
