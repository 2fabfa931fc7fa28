import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager notifications …`
struct NotificationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifications", abstract: "Have news about projects sent by mail, to chats and to webhooks.",
        discussion: """
            A channel belongs to an organization. Each message goes out at least once, in order for each project, under an \
            id that stays the same; what a sink does not take is tried again for a day, and then kept for replay.
            """,
        subcommands: [NotificationChannelsCommand.self, NotificationDeliveriesCommand.self])
}

/// `supamanager notifications channels …`
struct NotificationChannelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channels", abstract: "Manage the channels of an organization.",
        subcommands: [
            NotificationChannelsListCommand.self, NotificationChannelsCreateCommand.self,
            NotificationChannelsUpdateCommand.self, NotificationChannelsDeleteCommand.self,
            NotificationChannelsTestCommand.self,
        ], defaultSubcommand: NotificationChannelsListCommand.self)
}

/// `supamanager notifications channels list`
struct NotificationChannelsListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the channels of an organization.")

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        try session.show(
            try await client.notificationChannels(of: slug), output, none: "There are no channels.",
            columns: ["NAME", "KIND", "TARGET", "TAKES", "STATE", "ID"]
        ) { channel in
            [
                Table.Cell(channel.name), Table.Cell(channel.kind), Table.Cell(channel.target),
                Table.Cell("\(channel.priority) and above"), Table.Cell(channel.state), Table.Cell(channel.id),
            ]
        }
    }
}

extension NotificationChannelSummary {
    fileprivate var state: String {
        guard enabled else { return "off" }
        return failures > 0 ? "failed \(failures) times in a row" : "on"
    }
}

/// What a channel takes, and where it leads.
struct NotificationChannelOptions: ParsableArguments {
    @Option(help: "A project whose news it takes, by ref; may be repeated. All projects by default.")
    var project: [String] = []

    @Option(help: "An event that it takes, such as project.unhealthy; may be repeated. All events by default.")
    var event: [String] = []

    @Option(help: "The least urgent news that it takes: info, warning or critical.")
    var priority: String?

    @Option(help: "Keep what is not critical between two times of day in UTC: 22:00-06:00.")
    var quiet: String?

    @Option(help: "Seconds for which news about a project wait for others, to come in one message.")
    var grouping: Int64?

    @Flag(help: "Read the address of the webhook, which is a secret, from standard input.")
    var urlStdin = false

    @Option(help: "Name of the mail server.")
    var smtpHost: String?

    @Option(help: "Port of the mail server; 587 by default, 465 is TLS from the first byte.")
    var smtpPort: Int?

    @Option(help: "Account at the mail server; its password is read from standard input.")
    var smtpUser: String?

    @Option(help: "Address that mails come from.")
    var sender: String?

    @Option(help: "An address that mails go to; may be repeated.")
    var recipient: [String] = []

    func order(_ session: ClientSession) throws(ClientError) -> NotificationChannelOrder {
        var order = NotificationChannelOrder()
        order.projects = project.isEmpty ? nil : project
        order.events = event.isEmpty ? nil : event
        order.priority = priority
        order.groupingSeconds = grouping
        if let quiet {
            let times = quiet.split(separator: "-").map(String.init)
            guard times.count == 2 else { throw .invalid("--quiet needs two times, such as 22:00-06:00") }
            (order.quietFrom, order.quietUntil) = (times[0], times[1])
        }
        if urlStdin { order.url = try session.terminal.readInput("address").reveal() }
        (order.host, order.port, order.user, order.sender) = (smtpHost, smtpPort, smtpUser, sender)
        if smtpUser != nil { order.password = try session.terminal.readInput("password").reveal() }
        order.recipients = recipient.isEmpty ? nil : recipient
        return order
    }
}

/// `supamanager notifications channels create`
struct NotificationChannelsCreateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Add a channel.",
        discussion: """
            Addresses and passwords are read from standard input and never shown again. The secret that signs messages to \
            a webhook is printed once.
            """)

    @Argument(help: "email, slack, discord or webhook.")
    var kind: String

    @Argument(help: "Name of the channel.")
    var name: String

    @OptionGroup var options: NotificationChannelOptions
    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        var order = try options.order(session)
        (order.kind, order.name) = (kind, name)
        let channel = try await client.createNotificationChannel(order, in: slug)
        if output.isJSON { return try session.show(json: channel) }
        session.say("Added the channel \(DisplayText.oneLine(channel.name)), \(channel.id).")
        if let secret = channel.secret { session.say("Its secret, shown once: \(secret)") }
    }
}

/// `supamanager notifications channels update`
struct NotificationChannelsUpdateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change a channel; what is not given stays as it is.")

    @Argument(help: "Identifier of the channel, as the list shows it.")
    var id: String

    @Option(help: "Another name.")
    var name: String?

    @Flag(inversion: .prefixedEnableDisable, help: "Whether messages go out.")
    var messages: Bool?

    @Flag(help: "Make another secret for a webhook; the one before it signs beside it until the next.")
    var rotateSecret = false

    @OptionGroup var options: NotificationChannelOptions
    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        var order = try options.order(session)
        (order.name, order.enabled) = (name, messages)
        order.rotateSecret = rotateSecret ? true : nil
        let channel = try await client.updateNotificationChannel(id, of: slug, order)
        if output.isJSON { return try session.show(json: channel) }
        session.say("Changed the channel \(DisplayText.oneLine(channel.name)).")
        if let secret = channel.secret { session.say("Its secret, shown once: \(secret)") }
    }
}

/// `supamanager notifications channels delete`
struct NotificationChannelsDeleteCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a channel and its log; what waits is not sent.", aliases: ["rm"])

    @Argument(help: "Identifier of the channel, as the list shows it.")
    var id: String

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        let channel = try await client.deleteNotificationChannel(id, of: slug)
        if output.isJSON { return try session.show(json: channel) }
        session.say("Removed the channel \(DisplayText.oneLine(channel.name)).")
    }
}

/// `supamanager notifications channels test`
struct NotificationChannelsTestCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a trial message, and wait for what the sink says.")

    /// How long the answer of the sink is waited for, and how often it is asked for.
    private static let patience: Duration = .seconds(60)
    private static let interval: Duration = .seconds(1)

    @Argument(help: "Identifier of the channel, as the list shows it.")
    var id: String

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        var delivery = try await client.testNotificationChannel(id, of: slug)
        let end = ContinuousClock.now + Self.patience
        while delivery.state == "waiting", delivery.answer == nil, ContinuousClock.now < end {
            do { try await Task.sleep(for: Self.interval) } catch { break }
            let latest = try await client.notificationDeliveries(of: slug, channel: id)
            delivery = latest.first { $0.id == delivery.id } ?? delivery
        }
        if output.isJSON { try session.show(json: delivery) }
        guard delivery.state == "delivered" else {
            throw .failed("the sink did not take the message: \(delivery.answer ?? "it has not been tried yet")")
        }
        if !output.isJSON { session.say("The sink took the message: \(DisplayText.oneLine(delivery.answer ?? "")).") }
    }
}

/// `supamanager notifications deliveries …`
struct NotificationDeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "See what was sent, and send it again.",
        subcommands: [NotificationDeliveriesListCommand.self, NotificationDeliveriesReplayCommand.self],
        defaultSubcommand: NotificationDeliveriesListCommand.self)
}

/// `supamanager notifications deliveries list`
struct NotificationDeliveriesListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the latest hundred deliveries, newest first.")

    @Option(help: "Only of the channel with this identifier.")
    var channel: String?

    @Option(help: "Only in this state: waiting, delivered or dead.")
    var state: String?

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        try session.show(
            try await client.notificationDeliveries(of: slug, channel: channel, state: state), output,
            none: "There are no deliveries.", columns: ["ID", "STATE", "CREATED", "TITLE", "ATTEMPTS", "ANSWER"]
        ) { delivery in
            [
                Table.Cell("\(delivery.id)"), Table.Cell(delivery.state), Table.Cell(delivery.createdAt),
                Table.Cell(delivery.title), Table.Cell("\(delivery.attempts)"), Table.Cell(delivery.answer ?? ""),
            ]
        }
    }
}

/// `supamanager notifications deliveries replay`
struct NotificationDeliveriesReplayCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send a message again that was given up, or delivered.",
        discussion: "It keeps its message id, by which a receiver can tell that it has it already.")

    @Argument(help: "Number of the delivery.")
    var id: Int64

    @OptionGroup var organization: OrganizationOption
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let slug = try await session.organization(organization.slug, client)
        let delivery = try await client.replayNotification(id, of: slug)
        if output.isJSON { return try session.show(json: delivery) }
        session.say("Delivery \(delivery.id) waits to be sent again.")
    }
}
