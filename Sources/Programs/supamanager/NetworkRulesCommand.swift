import ArgumentParser
import FoundationEssentials
import LinuxHost
import Orchestrator
import Reconciler

/// `supamanager network-rules …`: packet filter rules of this installation.
struct NetworkRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network-rules",
        abstract: "Isolate projects from each other, this host and its network with packet filter rules.",
        discussion: """
            With the rules in force, containers of one project never reach those of another; without them, the engine \
            lets packets pass briefly whenever it creates a network. Containers reach neither services of this host \
            (except its name server and published ports) nor the addresses where clouds hand out credentials, and other \
            machines reach a container only through a published port. The rules are in two iptables chains of the \
            installation, SUPAMANAGER-ID-FW in the table mangle and SUPAMANAGER-ID-IN in filter; FORWARD of mangle and \
            INPUT of filter get one jump each. Rules of an earlier version (a jump in DOCKER-USER) are replaced.
            """,
        subcommands: [
            NetworkRulesInstallCommand.self, NetworkRulesCheckCommand.self, NetworkRulesPrintCommand.self,
            NetworkRulesRemoveCommand.self,
        ])
}

/// What all of them need: which installation, and what is its own.
struct NetworkRulesOptions: ParsableArguments {
    @Option(help: "Identifier of the installation; by default the one in the data folder.")
    var installation: String?

    @Option(help: "Folder for everything the manager keeps on disk. [SUPAMANAGER_DATA_DIR]")
    var dataDir: String?

    @Option(help: "Addresses of projects. [SUPAMANAGER_SUBNET_POOL; default: 10.201.0.0/16]")
    var subnetPool: String?

    @Option(help: "Host ports on which projects publish. [SUPAMANAGER_PORT_RANGE; default: 54320-65535]")
    var portRange: String?

    func rules() throws -> NetworkRules {
        let given = [
            "SUPAMANAGER_DATA_DIR": dataDir, "SUPAMANAGER_SUBNET_POOL": subnetPool, "SUPAMANAGER_PORT_RANGE": portRange,
        ]
        let settings: ServeSettings
        do {
            settings = try ServeSettings(
                options: given.compactMapValues { $0 }, environment: ProcessInfo.processInfo.environment)
        } catch { throw ValidationError("\(error)") }
        guard let id = installation ?? DataFolder.installation(in: settings.dataFolder) else {
            throw ValidationError(
                "\(settings.dataFolder) names no installation yet: start the manager once, or name its data folder with "
                    + "--data-dir")
        }
        guard let rules = NetworkRules(installation: id, pool: settings.subnets.pool, ports: settings.ports) else {
            throw ValidationError("\(id) is not the identifier of an installation: 12 hexadecimal digits")
        }
        return rules
    }

    func installer() throws -> NetworkRulesInstaller { NetworkRulesInstaller(try rules(), run: HostProgram.runner) }
}

/// `supamanager network-rules install`
struct NetworkRulesInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install the rules; needs root. They last until the host restarts or network-rules remove runs.",
        discussion: "The option serve --network-rules install does the same at every start of the manager.")

    @OptionGroup var options: NetworkRulesOptions

    func run() async throws {
        try await options.installer().install()
        print("The rules are in force.")
    }
}

/// `supamanager network-rules check`
struct NetworkRulesCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check whether the rules are in force; needs root. Exits with 1 if not.")

    @OptionGroup var options: NetworkRulesOptions

    func run() async throws {
        let shortcomings = try await options.installer().shortcomings()
        for shortcoming in shortcomings { print(shortcoming) }
        guard shortcomings.isEmpty else { throw ExitCode.failure }
        print("The rules are in force.")
    }
}

/// `supamanager network-rules print`
struct NetworkRulesPrintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print", abstract: "Print the commands that install the rules without running them.")

    @OptionGroup var options: NetworkRulesOptions

    func run() throws { print(try options.rules().commands, terminator: "") }
}

/// `supamanager network-rules remove`
struct NetworkRulesRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove the rules and their chains, before the installation is removed; needs root.")

    @OptionGroup var options: NetworkRulesOptions

    func run() async throws {
        try await options.installer().remove()
        print("The rules of this installation are gone.")
    }
}
