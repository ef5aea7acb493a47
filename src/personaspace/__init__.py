"""From what people answered to a language model that answers like them."""
