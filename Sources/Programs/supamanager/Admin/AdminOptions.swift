import APIKit
import ArgumentParser
import FoundationEssentials
import Identity
import Logging
import ManagementAPI
import ManagementClient
import Orchestrator
import PostgresStore
import ProjectModel

/// The options of the manager's database, as in `serve`.
struct AdminOptions: ParsableArguments {
    @Option(help: "Folder for everything the manager keeps on disk. [SUPAMANAGER_DATA_DIR]")
    var dataDir: String?

    @Option(help: "PostgreSQL that holds the manager's state, postgres://…. [SUPAMANAGER_DATABASE_URL]")
    var databaseURL: String?

    @Option(help: "File with the master key. [SUPAMANAGER_MASTER_KEY_FILE]")
    var masterKeyFile: String?

    /// Opens the database and the directory of its accounts for as long as `body` takes.
    func withPeople<Value: Sendable>(_ body: (People) async throws -> Value) async throws -> Value {
        let given = [
            "SUPAMANAGER_DATA_DIR": dataDir, "SUPAMANAGER_DATABASE_URL": databaseURL,
            "SUPAMANAGER_MASTER_KEY_FILE": masterKeyFile,
        ]
        let settings: ServeSettings
        do {
            settings = try ServeSettings(
                options: given.compactMapValues { $0 }, environment: ProcessInfo.processInfo.environment)
        } catch { throw ValidationError("\(error)") }
        var logger = Logger(label: "supamanager")
        logger.logLevel = .warning
        let folder = try DataFolder(settings.dataFolder)
        let token = try settings.adminToken ?? folder.adminToken(logger)
        let database = try await Database.open(settings, logger: logger)
        let value: Value
        do {
            let (installation, master) = try await Installation.open(
                settings: settings, database: database, logger: logger)
            value = try await body(
                try await People(
                    settings: settings, database: database, master: master, installation: installation.id, token: token)
            )
        } catch {
            await database.close(logger)
            throw error
        }
        await database.close(logger)
        return value
    }
}

extension Terminal {
    /// The password to set, from the terminal or the standard input.
    func newPassword(of name: String) throws -> Secret<String> {
        isTerminal(.input) ? try askSecret("New password of \(name): ") : try readInput("the password")
    }

    /// Asks before a change that grants rights; `--yes` answers for scripts.
    func confirm(_ question: String, isAnswered: Bool) throws {
        guard !isAnswered else { return }
        guard isTerminal(.input) else { throw ValidationError("\(question) Give --yes to say so in a script.") }
        guard try ask("\(question) [y/N] ").lowercased() == "y" else { throw ExitCode.failure }
    }
}

extension Account {
    /// The account in one line, with the state of its address.
    var line: String {
        let state = isEmailVerified ? "confirmed" : "not confirmed"
        let wish = pendingEmail.map { ", wants \($0)" } ?? ""
        return DisplayText.oneLine("\(id)  \(email) (\(state)\(wish))  \(username)")
    }
}
