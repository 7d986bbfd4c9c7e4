/** An emoji of a safety code, and what to call it aloud. */
export interface SafetyEmoji {
  /** One character of Unicode. */
  readonly emoji: string;
  /** Its name in English. */
  readonly name: string;
}

/**
 * 64 emoji, each a single code point that needs no selector and was in Unicode by
 * 2017. None looks or sounds like another one. Their order is part of the
 * protocol: two sides with different lists would see different emoji.
 */
const LIST = "⚓ Anchor 🍎 Apple 🥑 Avocado 🎈 Balloon 🍌 Banana 🔔 Bell " +
  "🚲 Bicycle 📕 Book 🍞 Bread 🦋 Butterfly 🌵 Cactus 🐫 Camel 🥕 Carrot " +
  "🏰 Castle 🧀 Cheese ⏰ Clock 🦀 Crab 👑 Crown 💎 Diamond 🍩 Donut 🥁 Drum " +
  "🦆 Duck 🐘 Elephant 🔥 Fire 🦊 Fox 🐸 Frog 👻 Ghost 🦒 Giraffe 👓 Glasses " +
  "🌍 Globe 🍇 Grapes 🎸 Guitar 🔨 Hammer 🎩 Hat 🚁 Helicopter 🏠 House 🔑 Key " +
  "🍋 Lemon 🦁 Lion 🌙 Moon 🍄 Mushroom 🐙 Octopus 🦉 Owl 🐼 Panda 🐧 Penguin " +
  "🎹 Piano 🐷 Pig 🍕 Pizza 🐰 Rabbit 🌈 Rainbow 🚀 Rocket 🌹 Rose 🐍 Snake " +
  "⛄ Snowman 🍓 Strawberry 🌞 Sun ⛺ Tent 🚂 Train 🏆 Trophy 🎺 Trumpet " +
  "🐢 Turtle ☔ Umbrella 🐳 Whale 🦓 Zebra";

/** The emoji of a number from 0 to 63. */
export function emojiOf(number: number): SafetyEmoji {
  const [emoji = "", name = ""] = LIST.split(" ").slice(number * 2);
  return { emoji, name };
}
