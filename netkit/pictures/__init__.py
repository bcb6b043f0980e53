"""Pictures of networks and of journeys: where everything stands, then how it is drawn."""
