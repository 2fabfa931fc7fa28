public import Orchestrator
import TokenKit

/// Seals what belongs to the installation and to no project, such as its signing key and stored answers.
///
/// Every purpose has a key of its own, derived from the master key, so that the many answers do not use up the number
/// of messages that one key of AES-GCM is good for, and a message does not open under another purpose.
public struct InstallationSealer: Sendable {
    private let master: MasterKey
    private let installation: String

    /// A sealer for one installation.
    ///
    /// - Parameter installation: the id of the installation, which everything sealed is bound to.
    public init(master: MasterKey, installation: String) {
        self.master = master
        self.installation = installation
    }

    /// Seals bytes; they open under the same purpose only.
    ///
    /// - Parameter purpose: a constant of the program. It is part of what is sealed: never change one.
    /// - Throws: ``ProjectKeyError/crypto(_:)`` for more than 16 MiB, or when libcrypto fails.
    public func seal(_ bytes: [UInt8], as purpose: String) throws(ProjectKeyError) -> [UInt8] {
        do throws(TokenError) {
            let context = context(purpose)
            return try SealedBox.seal(bytes, key: key(context), context: context)
        } catch {
            throw .crypto(error)
        }
    }

    /// Opens what ``seal(_:as:)`` made.
    ///
    /// - Throws: ``ProjectKeyError/notAuthentic(name:)`` when it was changed, or sealed for another purpose,
    ///   installation or master key; ``ProjectKeyError/unknownFormat(name:)``. The name is the purpose.
    public func open(_ sealed: [UInt8], as purpose: String) throws(ProjectKeyError) -> [UInt8] {
        do throws(TokenError) {
            let context = context(purpose)
            return try SealedBox.open(sealed, key: key(context), context: context)
        } catch {
            throw ProjectKeyError(error, name: purpose)
        }
    }

    private func context(_ purpose: String) -> [UInt8] {
        SealingContext(.installation, installation, purpose).bytes
    }

    private func key(_ context: [UInt8]) throws(TokenError) -> KeyBytes {
        KeyBytes(try Digest.hmacSHA256(context, key: master.key))
    }
}

/// Seals the bodies of stored answers: the ``Orchestrator/AnswerSealer`` of production.
public struct StoredAnswerSealer: AnswerSealer {
    private static let purpose = "stored answer"

    private let sealer: InstallationSealer

    /// A sealer for one installation.
    public init(master: MasterKey, installation: String) {
        sealer = InstallationSealer(master: master, installation: installation)
    }

    /// Seals a body of at most 16 MiB.
    public func seal(_ body: [UInt8]) throws(KeyError) -> [UInt8] {
        do throws(ProjectKeyError) {
            return try sealer.seal(body, as: Self.purpose)
        } catch { throw .cannotMint("\(error)") }
    }

    /// Opens a sealed body.
    public func open(_ sealed: [UInt8]) throws(KeyError) -> [UInt8] {
        do throws(ProjectKeyError) {
            return try sealer.open(sealed, as: Self.purpose)
        } catch { throw .cannotMint("\(error)") }
    }
}
