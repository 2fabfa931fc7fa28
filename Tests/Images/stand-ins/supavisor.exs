# Stand-in for the parts of Supavisor that the tenant script of the template calls. It answers and refuses as they do:
#
# * `Helpers.parse_pg_version/1` answers with a pair, `{:ok, version}` or `{:error, reason}`;
# * a tenant is stored as JSON, and what JSON has no form for (a tuple, an atom) raises;
# * a user without a mode is refused with a changeset.
#
# What would be stored is printed as one line, `created {…}` or `updated {…}`.

:ok =
  :application.load(
    {:application, :supavisor, [vsn: '0', modules: [], registered: [], applications: [:kernel, :stdlib]]}
  )

defmodule StandIn.JSON do
  def encode(text) when is_binary(text), do: inspect(text)
  def encode(value) when is_number(value) or is_boolean(value) or is_nil(value), do: if(is_nil(value), do: "null", else: to_string(value))
  def encode(list) when is_list(list), do: "[" <> Enum.map_join(list, ",", &encode/1) <> "]"

  def encode(%{} = map) do
    pairs = map |> Enum.sort() |> Enum.map_join(",", fn {key, value} -> encode(to_string(key)) <> ":" <> encode(value) end)
    "{" <> pairs <> "}"
  end

  def encode(value), do: raise(ArgumentError, "no JSON form for #{inspect(value)}")
end

defmodule Supavisor.Helpers do
  def parse_pg_version(text) do
    case Regex.run(~r/PostgreSQL\s(\d+\.\d+)/, text) do
      [_, version] -> {:ok, version}
      nil -> {:error, "Can't parse version in #{text}"}
    end
  end
end

defmodule Supavisor.Repo do
  def query!("select version()"), do: %{rows: [[System.fetch_env!("STAND_IN_VERSION")]]}
  def preload(tenant, :users), do: tenant
end

defmodule Supavisor.Tenants do
  def get_tenant_by_external_id(id) do
    if System.get_env("STAND_IN_TENANT") == id, do: %{external_id: id}, else: nil
  end

  def create_tenant(attributes), do: store("created", attributes)
  def update_tenant(%{external_id: _}, attributes), do: store("updated", attributes)

  defp store(verb, attributes) do
    json = StandIn.JSON.encode(attributes)

    if Enum.all?(attributes["users"], &(&1["mode_type"] in ["transaction", "session"])) do
      IO.puts("#{verb} #{json}")
      {:ok, attributes}
    else
      {:error, %{errors: [mode_type: {"is invalid", []}], changes: attributes}}
    end
  end
end
